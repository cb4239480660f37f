import { OnnxError } from '../errors.js';
import { freeName } from '../model/free-name.js';
import { checkModel } from '../model/model.js';
import { intTensor } from '../model/tensor.js';
import type { PreparedClassifier } from './prepare-classifier.js';
import { describedValue, editable, int, nodeOf } from './rewrite.js';

/** Indices that a sentence names. */
const SHOWN = 8;

/**
 * A classifier whose classes are some of its own, in another order: what another model that it is compared with calls
 * class i, this one calls `order[i]`. A Gather stands at its end.
 *
 * @param order at least two indices of the model's classes, none twice
 * @throws OnnxError ONNX_UNSUPPORTED: it is no such order
 */
export function inClassOrder(prepared: PreparedClassifier, order: readonly number[]): PreparedClassifier {
  const { model, classes } = prepared;
  const known = order.every((index) => Number.isSafeInteger(index) && index >= 0 && index < classes);
  if (!known || order.length < 2 || new Set(order).size !== order.length) {
    throw new OnnxError(
      'ONNX_UNSUPPORTED',
      `${model.name} tells ${classes} classes apart, which the classes [${order.join(', ')}] are no order of; give indices from 0 to ${classes - 1}, none twice.`,
    );
  }
  if (order.length === classes && order.every((index, i) => index === i)) return prepared;
  const { proto, graph } = editable(model);
  const [output] = graph.output;
  if (output === undefined) return prepared;
  const chosen = freeName(graph, `${output.name}/chosen`);
  const indices = freeName(graph, `${output.name}/order`);
  graph.initializer.push(intTensor(indices, [...order]));
  graph.node.push(nodeOf('Gather', [output.name, indices], chosen, [int('axis', 1)]));
  graph.output = [describedValue(output, { name: chosen, shape: [undefined, order.length] })];
  const shown = order.length > SHOWN ? `${order.slice(0, SHOWN).join(', ')}, …` : order.join(', ');
  const change =
    order.length === classes
      ? `put the ${classes} classes into the order [${shown}]`
      : `left ${order.length} of ${classes} classes: [${shown}]`;
  return {
    ...prepared,
    ...{ model: checkModel(proto, model.name), changes: [...prepared.changes, change], classes: order.length },
  };
}
