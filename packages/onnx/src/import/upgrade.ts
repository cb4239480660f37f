import { create } from '@bufbuild/protobuf';
import { OnnxError } from '../errors.js';
import {
  type AttributeProto,
  AttributeProtoSchema,
  type GraphProto,
  type NodeProto,
  NodeProtoSchema,
  AttributeProto_AttributeType as Type,
} from '../gen/onnx/onnx_pb.js';
import { withBodies } from '../model/bodies.js';
import { changed } from '../model/changed.js';
import type { OnnxModel } from '../model/model.js';
import { intTensor } from '../model/tensor.js';
import { type Additions, attributeOf, BEFORE_11, type Rewrite } from './before-11.js';

/**
 * The operator set that graphs are written in at least: the first with LayerNormalization, and with sums in
 * ScatterElements.
 */
export const GRAPH_OPSET = 17;

/** The oldest operator set that is understood. */
const OLDEST_OPSET = 7;

/**
 * A model of operator set 7 to 16 in operator set 17, where it means the same: axes and sizes that were attributes are
 * inputs, and Softmax works along one axis. Newer models are handed back as they are. Shares nodes and tensors with the
 * model.
 *
 * @throws OnnxError ONNX_UNSUPPORTED: an older operator set
 */
export function upgraded(model: OnnxModel): OnnxModel {
  if (model.opset >= GRAPH_OPSET) return model;
  if (model.opset < OLDEST_OPSET) {
    throw new OnnxError(
      'ONNX_UNSUPPORTED',
      `${model.name} uses operator set ${model.opset}; convert it to ${GRAPH_OPSET} with onnx.version_converter, or export it again, to train it.`,
    );
  }
  const tables = [...(model.opset < 11 ? [BEFORE_11] : []), ...(model.opset < 13 ? [BEFORE_13] : [])];
  const graph = tables.reduce(rewritten, model.graph);
  return { ...model, opset: GRAPH_OPSET, graph };
}

/** A graph, and the bodies in it, in a newer operator set. */
function rewritten(graph: GraphProto, table: Readonly<Record<string, Rewrite>>): GraphProto {
  const additions: Additions = { initializers: [] };
  const node = graph.node.flatMap((each) => {
    const own = withBodies(each, (body) => rewritten(body, table));
    return (each.domain === '' ? table[each.opType]?.(own, additions) : undefined) ?? [own];
  });
  return changed(graph, { node, initializer: [...graph.initializer, ...additions.initializers] });
}

/** An attribute with integers that became an input. */
const toInput =
  (name: string): Rewrite =>
  (node, { initializers }) => {
    const attribute = attributeOf(node, name);
    if (attribute === undefined) return [node];
    const tensor = intTensor(`${node.output[0]}/${name}`, attribute.ints.map(Number));
    initializers.push(tensor);
    const rest = node.attribute.filter((each) => each !== attribute);
    return [changed(node, { input: [node.input[0] ?? '', tensor.name], attribute: rest })];
  };

const without =
  (name: string): Rewrite =>
  (node) => [changed(node, { attribute: node.attribute.filter((attribute) => attribute.name !== name) })];

/** Until opset 12 it worked over all axes from one on, as if they were one. */
const overOneAxis: Rewrite = (node) => {
  const axis = Number(attributeOf(node, 'axis')?.i ?? 1n);
  const [x = ''] = node.input;
  const [y = ''] = node.output;
  const last = create(AttributeProtoSchema, { name: 'axis', type: Type.INT, i: -1n });
  if (axis === -1) return [changed(node, { attribute: [last] })];
  const start = create(AttributeProtoSchema, { name: 'axis', type: Type.INT, i: BigInt(axis) });
  const part = (opType: string, input: string[], output: string, attribute: AttributeProto[] = []): NodeProto =>
    create(NodeProtoSchema, { opType, name: `${node.name || y}/${opType}`, input, output: [output], attribute });
  return [
    part('Shape', [x], `${y}/shape`),
    part('Flatten', [x], `${y}/flat`, [start]),
    changed(node, { input: [`${y}/flat`], output: [`${y}/rows`], attribute: [last] }),
    part('Reshape', [`${y}/rows`, `${y}/shape`], y),
  ];
};

const BEFORE_13: Readonly<Record<string, Rewrite>> = {
  Squeeze: toInput('axes'),
  Unsqueeze: toInput('axes'),
  ReduceSum: toInput('axes'),
  Split: toInput('split'),
  Dropout: without('ratio'),
  Softmax: overOneAxis,
  LogSoftmax: overOneAxis,
  Hardmax: overOneAxis,
};
