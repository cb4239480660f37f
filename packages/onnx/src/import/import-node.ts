import type { NodeProto } from '../gen/onnx/onnx_pb.js';
import type { Graph } from '../graph/graph.js';
import { checkSizes, ofNode } from '../graph/of-node.js';
import type { Operation, Shape, Value } from '../graph/types.js';
import { capturedBy, withCaptured } from '../model/bodies.js';
import { type OnnxModel, shapeOf } from '../model/model.js';
import { nameOf } from '../model/node.js';
import { attributesOf } from './attributes.js';

/** Sizes, undefined where a model names them. */
export const openDims = (dims: readonly (number | string)[]): Shape =>
  dims.map((dim) => (typeof dim === 'number' ? dim : undefined));

/** The shapes that the model states for values inside it; exporters may leave them out. */
export function statedShapes(model: OnnxModel): Map<string, Shape> {
  const stated = model.graph.valueInfo.filter(
    ({ type }) => type?.value.case === 'tensorType' && type.value.value.shape,
  );
  return new Map(stated.map((value) => [value.name, openDims(shapeOf(value))]));
}

/** What the nodes around a node say about its values. */
export interface Surroundings {
  /** Shapes that the model states. */
  readonly stated: ReadonlyMap<string, Shape>;
  readonly valueAt: (name: string) => Value | undefined;
}

/** Adds a node to a graph, as it is. */
export function importNode(
  graph: Graph,
  node: NodeProto,
  type: string,
  inputs: readonly (Value | undefined)[],
  { stated, valueAt }: Surroundings,
): Operation {
  const attributes = attributesOf(node.attribute);
  const known = { type, name: nameOf(node) };
  const shapes = ofNode(known, () =>
    graph.infer({ type, domain: node.domain }, inputs, attributes, node.output.length),
  );
  const captured = capturedBy(node).flatMap((name) => {
    const value = valueAt(name);
    return value === undefined ? [] : [{ name, value }];
  });
  const names = new Map(captured.flatMap(({ name, value }) => (value.name === name ? [] : [[name, value.name]])));
  const outputs = node.output.map((name, i) => ({ name, shape: shapes[i] ?? stated.get(name) }));
  const operation = {
    ...known,
    inputs,
    outputs,
    attributes,
    raw: withCaptured(node, names).attribute,
    domain: node.domain,
    ...(captured.length > 0 && { captured: captured.map(({ value }) => value) }),
  };
  checkSizes(operation);
  graph.add(operation);
  return operation;
}
