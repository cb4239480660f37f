import { OnnxError } from '../errors.js';
import type { AttributeProto, GraphProto, NodeProto, TensorProto } from '../gen/onnx/onnx_pb.js';
import { type Inferred, inferredShapes } from '../import/infer.js';
import { readBy } from '../model/bodies.js';
import { changed } from '../model/changed.js';
import { dequantizedConstant } from '../model/dequantize.js';
import { constantLookup, type OnnxModel } from '../model/model.js';
import { typeOf } from '../model/node.js';
import { readInts } from '../model/tensor.js';

/** Who writes and who reads each value of a model, for recognising patterns of nodes. */
export interface GraphIndex {
  readonly nodes: readonly NodeProto[];
  /** The node that computes a value, looking through Identity and Cast. */
  readonly producer: (name: string) => NodeProto | undefined;
  /** The nodes that read a value, looking through Identity and Cast; not one that looks at its type alone. */
  readonly consumers: (name: string) => readonly NodeProto[];
  /** A constant, also behind Identity and Cast, or behind DequantizeLinear, as float32 then. */
  readonly constant: (name: string) => TensorProto | undefined;
  /** Number of axes of a value; undefined where it is not known. */
  readonly rank: (name: string) => number | undefined;
  /** A name for a node that no other node has. */
  readonly nameOf: (node: NodeProto) => string;
}

const TRANSPARENT: ReadonlySet<string> = new Set(['Identity', 'Cast', 'CastLike']);

export function indexGraph(model: OnnxModel): GraphIndex {
  const { graph } = model;
  // Operators of other domains may have a name that ONNX uses for something else.
  const nodes = graph.node.map((node) => (node.domain === '' ? node : changed(node, { opType: typeOf(node) })));
  const producers = new Map<string, NodeProto>();
  const readers = new Map<string, NodeProto[]>();
  const uses = new Map<string, number>();
  for (const node of nodes) {
    for (const output of node.output) producers.set(output, node);
    for (const input of readBy(node)) {
      const known = readers.get(input);
      if (known === undefined) readers.set(input, [node]);
      else known.push(node);
    }
    uses.set(node.name, (uses.get(node.name) ?? 0) + 1);
  }
  const constant = throughCasts(graph, producers);
  const producer = (name: string): NodeProto | undefined => {
    const node = producers.get(name);
    return node !== undefined && TRANSPARENT.has(node.opType) ? producer(node.input[0] ?? '') : node;
  };
  const consumers = (name: string): NodeProto[] =>
    (readers.get(name) ?? []).flatMap((node) => {
      if (node.opType === 'CastLike' && node.input[0] !== name) return [];
      return TRANSPARENT.has(node.opType) ? consumers(node.output[0] ?? '') : [node];
    });
  const nameOf = (node: NodeProto): string =>
    node.name !== '' && uses.get(node.name) === 1 ? node.name : (node.output[0] ?? node.opType);
  return { nodes, producer, consumers, constant, rank: rankLookup(model), nameOf };
}

/** Shapes are inferred when the first is asked for: few models count an axis from the front. */
function rankLookup(model: OnnxModel): GraphIndex['rank'] {
  let shape: Inferred['shape'] | undefined;
  return (name) => {
    shape ??= shapesOf(model);
    return shape(name)?.length;
  };
}

function shapesOf(model: OnnxModel): Inferred['shape'] {
  try {
    return inferredShapes(model).shape;
  } catch (error) {
    if (!(error instanceof OnnxError)) throw error;
    // A node that does not fit its operator is refused by whoever imports the model, and by name.
    return () => undefined;
  }
}

function throughCasts(graph: GraphProto, producers: ReadonlyMap<string, NodeProto>) {
  const constant = constantLookup(graph);
  const dequantized = new Map<NodeProto, TensorProto>();
  const lookup = (name: string): TensorProto | undefined => {
    const node = producers.get(name);
    if (node?.opType === 'Cast' || node?.opType === 'CastLike') return lookup(node.input[0] ?? '');
    if (node?.opType !== 'DequantizeLinear') return constant(name);
    const known = dequantized.get(node) ?? dequantizedConstant(node, constant);
    if (known !== undefined) dequantized.set(node, known);
    return known;
  };
  return lookup;
}

/** Operators that hand on the elements of their first input as they are. */
const RESHAPES: ReadonlySet<string> = new Set(['Identity', 'Cast', 'CastLike', 'Unsqueeze', 'Reshape']);

/**
 * A constant, also behind nodes that give it the shape to broadcast, and where it is read: there another can take its
 * place.
 */
export function constantRead(
  node: NodeProto,
  input: number,
  index: GraphIndex,
): { readonly tensor: TensorProto; readonly at: { readonly node: NodeProto; readonly index: number } } | undefined {
  const tensor = index.constant(node.input[input] ?? '');
  if (tensor !== undefined) return { tensor, at: { node, index: input } };
  const before = index.producer(node.input[input] ?? '');
  return before !== undefined && RESHAPES.has(before.opType) ? constantRead(before, 0, index) : undefined;
}

export const attributeOf = (node: NodeProto, name: string): AttributeProto | undefined =>
  node.attribute.find((attribute) => attribute.name === name);

/**
 * The axes of a reduction, which stand in an attribute or, in newer operator sets, in an input. They are counted from
 * the end, -1 the last, but for those counted from the front of a value whose rank is not known.
 */
export function axesOf(node: NodeProto, index: GraphIndex): readonly number[] | undefined {
  const attribute = attributeOf(node, 'axes');
  const found = attribute === undefined ? constantRead(node, 1, index)?.tensor : undefined;
  const axes = attribute?.ints.map(Number) ?? (found && readInts(found));
  const rank = axes?.some((axis) => axis >= 0) ? index.rank(node.input[0] ?? '') : undefined;
  return rank === undefined ? axes : axes?.map((axis) => (axis < 0 ? axis : axis - rank));
}

/** Number of elements of a tensor. */
export const elementsOf = (tensor: TensorProto): number =>
  tensor.dims.reduce((product, dim) => product * Number(dim), 1);
