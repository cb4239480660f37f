import { OnnxError } from '../errors.js';
import { openDims } from '../import/import-node.js';
import { checkModel, type OnnxModel, shapeOf } from '../model/model.js';
import { describedValue, editable, type Prepared } from './rewrite.js';

/** The sizes that a model leaves open, beside the batch: names of the axes by their number. */
export const openSizes = (model: OnnxModel): ReadonlyMap<number, string> =>
  new Map(shapeOf(model.input).flatMap((size, axis) => (axis > 0 && typeof size === 'string' ? [[axis, size]] : [])));

/**
 * The model with the sizes of its input that it leaves open, such as height and width.
 *
 * @param sizes of all axes but the batch: [3, 224, 224]
 * @throws OnnxError ONNX_UNSUPPORTED: they do not fit the model's input
 */
export function fixSizes(model: OnnxModel, sizes: readonly number[]): Prepared {
  const declared = shapeOf(model.input);
  const fits =
    sizes.length === declared.length - 1 &&
    sizes.every(
      (size, i) => Number.isSafeInteger(size) && size > 0 && [size, 'string'].includes(kindOf(declared[i + 1])),
    );
  if (!fits) {
    throw new OnnxError(
      'ONNX_UNSUPPORTED',
      `${model.name} takes an input of the shape [${declared.join(', ')}], which [${sizes.join(', ')}] does not fit; give the sizes of all axes but the first.`,
    );
  }
  const open = openSizes(model);
  if (open.size === 0) return { model, changes: [] };
  const { proto, graph } = editable(model);
  const shape = [openDims(declared)[0], ...sizes];
  graph.input = graph.input.map((value) =>
    value.name === model.input.name ? describedValue(value, { shape }) : value,
  );
  const fixed = [...open].map(([axis, name]) => `${name} = ${sizes[axis - 1]}`).join(', ');
  return { model: checkModel(proto, model.name), changes: [`fixed the sizes of "${model.input.name}": ${fixed}`] };
}

const kindOf = (size: number | string | undefined): number | string =>
  typeof size === 'string' ? 'string' : (size ?? 0);
