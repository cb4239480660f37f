import { OnnxError } from '../errors.js';
import { type OnnxModel, shapeOf } from '../model/model.js';
import { openSizes } from './fix-sizes.js';

/**
 * Sizes of the axes that a model's input leaves open: by name, `{ height: 224, width: 224 }`, or of all axes but the
 * batch in their order, `[3, 224, 224]`. A name is the one in the file, or `height`, `width` and `channels` of an
 * image, or `axis2` for the axis of that index, the batch being 0.
 */
export type Sizes = readonly number[] | Readonly<Record<string, number>>;

/**
 * The sizes of a model's input without the batch axis.
 *
 * @throws OnnxError ONNX_SIZES_OPEN: some are still open; ONNX_UNSUPPORTED: those given do not fit the model
 */
export function sampleShape(model: OnnxModel, sizes: Sizes = {}): number[] {
  const declared = shapeOf(model.input);
  const shape: (number | string)[] = isList(sizes) ? [...sizes] : named(model, declared, sizes);
  const fits =
    shape.length === declared.length - 1 &&
    shape.every((size, i) => typeof size === 'string' || fitting(size, declared[i + 1]));
  if (!fits || shape.length === 0) {
    throw new OnnxError(
      'ONNX_UNSUPPORTED',
      `${model.name} takes an input of the shape [${declared.join(', ')}], which the sizes ${JSON.stringify(sizes)} do not fit; give whole numbers above 0, for the axes that it leaves open.`,
    );
  }
  const axes = shape.flatMap((size, i) => (typeof size === 'string' ? [i + 1] : []));
  if (axes.length === 0) return shape as number[];
  const open = axes.map((axis) => nameOf(axis, declared));
  const examples = axes.map(
    (axis) => [nameOf(axis, declared), EXAMPLES[imageAxis(axis, declared) ?? ''] ?? 16] as const,
  );
  const asOption = examples.map(([name, size]) => `${name}: ${size}`).join(', ');
  const asFlag = examples.map(([name, size]) => `${name}=${size}`).join(',');
  throw new OnnxError(
    'ONNX_SIZES_OPEN',
    `${model.name} takes an input of the shape [${declared.join(', ')}], and leaves ${open.join(' and ')} open; say what they were in training in the option sizes, as { ${asOption} } or --sizes ${asFlag} would, the same for cloud and devices.`,
  );
}

/** Of an image; other axes have no usual size. */
const EXAMPLES: Readonly<Record<string, number>> = { channels: 3, height: 224, width: 224 };

const isList = (sizes: Sizes): sizes is readonly number[] => Array.isArray(sizes);

const fitting = (size: number | undefined, declared: number | string | undefined): boolean =>
  Number.isSafeInteger(size) && Number(size) > 0 && (typeof declared === 'string' || declared === size);

function named(
  model: OnnxModel,
  declared: readonly (number | string)[],
  sizes: Readonly<Record<string, number>>,
): (number | string)[] {
  const shape = [...declared];
  const open = openSizes(model);
  for (const [name, size] of Object.entries(sizes)) {
    const axes = [...open].flatMap(([axis, each]) => (each === name ? [axis] : []));
    const axis = /^axis[1-9]\d*$/.test(name) ? Number(name.slice(4)) : imageAxes(declared)[name];
    if (axes.length === 0 && (axis === undefined || axis >= declared.length)) {
      const names = [...open.keys()].map((each) => nameOf(each, declared));
      const there = names.length === 0 ? 'it leaves none open' : `it leaves ${names.join(', ')} open`;
      throw new OnnxError(
        'ONNX_UNSUPPORTED',
        `${model.name} has no axis "${name}", of which the option sizes speaks: its input is [${declared.join(', ')}], and ${there}; name these.`,
      );
    }
    for (const at of axes.length > 0 ? axes : [axis as number]) {
      const is = shape[at];
      // Said in the message of the whole, with the shape.
      if (typeof is === 'number' && is !== size) return [];
      shape[at] = size;
    }
  }
  return shape.slice(1);
}

/** What a user can type: exporters call axes `floor(s0/2)` too, or by a number. */
const TYPEABLE = /^[A-Za-z_]\w*$/;

/** What to call an open axis: as the file does, where it does and no other axis has the name. */
function nameOf(axis: number, declared: readonly (number | string)[]): string {
  const name = String(declared[axis]);
  if (declared.filter((each) => each === name).length === 1 && name !== `axis${axis}` && TYPEABLE.test(name))
    return name;
  return imageAxis(axis, declared) ?? `axis${axis}`;
}

const imageAxis = (axis: number, declared: readonly (number | string)[]): string | undefined =>
  Object.entries(imageAxes(declared)).find(([, at]) => at === axis)?.[0];

/** Channels come last where only the last size is one of an image's. */
function imageAxes(declared: readonly (number | string)[]): Readonly<Record<string, number>> {
  if (declared.length !== 4) return {};
  const areChannels = (size: number | string | undefined): boolean => size === 1 || size === 3;
  const last = areChannels(declared[3]) && !areChannels(declared[1]);
  return last ? { height: 1, width: 2, channels: 3 } : { channels: 1, height: 2, width: 3 };
}
