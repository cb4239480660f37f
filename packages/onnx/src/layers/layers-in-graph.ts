import type { NodeProto } from '../gen/onnx/onnx_pb.js';
import type { Graph } from '../graph/graph.js';
import type { Operation, Value } from '../graph/types.js';
import { normalized } from '../operators/formulas/standardize.js';
import { type FoundLayer, parameterKey, type Role } from './layer.js';

/** The graph's inputs for the parameters of each layer. */
export type LayerParameters = ReadonlyMap<FoundLayer, ReadonlyMap<Role, Value>>;

/** Declares them, float32 [channels]. */
export const parameterInputs = (graph: Graph, layer: FoundLayer): ReadonlyMap<Role, Value> =>
  new Map(layer.roles.map((role) => [role, graph.input(parameterKey(layer, role), [layer.channels])]));

/** What a node reads instead of a constant, by the input's index. */
export function parameterPlaces(graph: Graph, parameters: LayerParameters): Map<NodeProto, Map<number, Value>> {
  const places = new Map<NodeProto, Map<number, Value>>();
  for (const [layer, values] of parameters) {
    for (const { role, dims, at } of layer.parameters) {
      if (at === undefined) continue;
      const value = inShape(graph, values.get(role) as Value, dims);
      places.set(at.node, (places.get(at.node) ?? new Map<number, Value>()).set(at.index, value));
    }
  }
  return places;
}

const inShape = (graph: Graph, vector: Value, dims: readonly number[]): Value =>
  dims.length === 1 ? vector : graph.reshape(vector, dims);

/** x gamma + beta per channel, behind a convolution [N, C, ...] or a linear layer [N, C]. */
export function scaleShift(graph: Graph, x: Value, layer: FoundLayer, parameters: LayerParameters): Value {
  const rank = x.shape?.length ?? (layer.node.opType === 'Gemm' ? 2 : 4);
  const dims = rank === 2 ? [layer.channels] : [layer.channels, ...new Array<number>(rank - 2).fill(1)];
  const [gamma, beta] = (['gamma', 'beta'] as const).map((role) =>
    inShape(graph, parameters.get(layer)?.get(role) as Value, dims),
  ) as [Value, Value];
  return graph.plus(graph.mul(x, gamma), beta);
}

/**
 * Values that a LayerNormalization reads. onnxruntime fuses an Add with the LayerNormalization behind it into an
 * operator that leaves out 1 / deviation, which the gradient reads; a Sum it leaves alone.
 */
export const beforeLayerNormalization = (layers: readonly FoundLayer[]): Set<string> =>
  new Set(
    layers.flatMap(({ kind, node, fused }) =>
      kind === 'LayerNormalization' ? (fused?.input ?? node.input[0] ?? []) : [],
    ),
  );

/**
 * A LayerNormalization, the operator or the last of the primitive operators that amount to one, in the form that its
 * gradient needs.
 */
export function wholeLayer(
  graph: Graph,
  { type, inputs, attributes }: Operation,
  layer: FoundLayer | undefined,
  valueAt: (name: string) => Value | undefined,
  parameters: LayerParameters,
): Value | undefined {
  if (type === 'LayerNormalization') {
    const { axis = -1, epsilon = 1e-5 } = attributes as { axis?: number; epsilon?: number };
    return layerNormalization(graph, inputs, axis, epsilon);
  }
  const x = layer?.fused === undefined ? undefined : valueAt(layer.fused.input);
  if (layer?.fused === undefined || x === undefined) return undefined;
  const read = layer.parameters.map(({ role, dims }) =>
    inShape(graph, parameters.get(layer)?.get(role) as Value, dims.slice(layer.fused?.axis)),
  );
  return layerNormalization(graph, [x, ...read], layer.fused.axis, layer.epsilon);
}

/** The gradient needs the value before scale and shift, so it is there once and both are apart. */
function layerNormalization(
  graph: Graph,
  [x, gamma, beta]: readonly (Value | undefined)[],
  axis: number,
  epsilon: number,
): Value {
  const { normal } = normalized(graph, x as Value, gamma as Value, axis, epsilon);
  const scaled = graph.mul(normal, gamma as Value);
  return beta === undefined ? scaled : graph.plus(scaled, beta);
}
