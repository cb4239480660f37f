import type { NodeProto } from '../gen/onnx/onnx_pb.js';
import type { Graph } from '../graph/graph.js';
import type { GraphInput, Value } from '../graph/types.js';
import { requireLayers } from '../layers/find-layers.js';
import { describeLayer, type FoundLayer, type NormalizationLayer, type Role } from '../layers/layer.js';
import {
  beforeLayerNormalization,
  parameterInputs,
  parameterPlaces,
  scaleShift,
  wholeLayer,
} from '../layers/layers-in-graph.js';
import { isMeasured, type LayerMoments, Measurement } from '../layers/sample-moments.js';
import { ofKnownRank, type Purpose, statisticsInputs } from '../layers/statistics.js';
import { constantOf } from '../model/constant-node.js';
import { dequantizedConstant } from '../model/dequantize.js';
import { constantLookup, type OnnxModel, shapeOf } from '../model/model.js';
import { typeOf } from '../model/node.js';
import { HELD_STATISTICS } from '../operators/formulas/batch-renormalization.js';
import { newGraph } from '../operators/new-graph.js';
import { idiom } from './idioms.js';
import { importNode, openDims, statedShapes } from './import-node.js';
import { inFloat32 } from './in-float32.js';
import { upgraded } from './upgrade.js';

/** A layer in a graph. */
export interface ImportedLayer {
  readonly layer: FoundLayer;
  /** The graph's inputs for its parameters, float32 [channels]. */
  readonly parameters: ReadonlyMap<Role, Value>;
  /** What the layer normalises; undefined for a scale and shift. */
  readonly input: Value | undefined;
  /** Moments of each sample in what it sees; for the purposes observed and pooled. */
  readonly moments: LayerMoments | undefined;
}

/** A model as a graph in which the parameters of every normalization layer are inputs. */
export interface ImportedGraph {
  readonly graph: Graph;
  readonly input: Value;
  readonly logits: Value;
  readonly layers: readonly ImportedLayer[];
}

/**
 * A BatchNormalization as somebody else writes it.
 *
 * @param x [batch, channels, ...]
 * @param parameters the graph's inputs, float32 [channels]
 */
export type Normalization = (
  graph: Graph,
  x: Value,
  layer: NormalizationLayer,
  parameters: ReadonlyMap<Role, Value>,
) => Value;

const INTEGER_INPUTS: ReadonlyMap<string, GraphInput['type']> = new Map(
  (['int64', 'int32', 'uint8'] as const).map((type) => [type, type]),
);

/** What happens to a model before its nodes become operations. Each shares what it does not change. */
const PASSES: readonly ((model: OnnxModel) => OnnxModel)[] = [upgraded, inFloat32];

/**
 * @param normalization stands for every BatchNormalization
 * @throws OnnxError ONNX_NO_NORMALIZATION, ONNX_UNSUPPORTED: not for inference, a layer whose input has a shape that is
 *   not known
 */
export function importGraph(original: OnnxModel, purpose: Purpose, normalization?: Normalization): ImportedGraph {
  const model = PASSES.reduce((passed, pass) => pass(passed), original);
  const found = requireLayers(model);
  const graph = newGraph(model.opset);
  const constant = constantLookup(model.graph);
  const input = graph.input(
    model.input.name,
    openDims(shapeOf(model.input)),
    INTEGER_INPUTS.get(model.inputType) ?? 'float32',
  );
  const values = new Map<string, Value>([[input.name, input]]);
  for (const tensor of model.graph.initializer) values.set(tensor.name, graph.adopt(tensor));
  const valueAt = (name: string): Value | undefined => {
    const shared = values.has(name) ? undefined : constant(name);
    if (shared !== undefined) return graph.adopt(shared);
    return name === '' ? undefined : (values.get(name) ?? { name, shape: undefined });
  };
  const stated = statedShapes(model);
  const parameters = new Map(found.map((layer) => [layer, parameterInputs(graph, layer)]));
  const places = parameterPlaces(graph, parameters);
  const layerAt = new Map(found.map((layer) => [layer.node, layer]));
  const fusedAt = new Map(found.flatMap((layer) => (layer.fused === undefined ? [] : [[layer.fused.output, layer]])));
  const inputs = new Map<FoundLayer, Value | undefined>();
  const measurement = isMeasured(purpose) ? new Measurement(graph, purpose, model.name) : undefined;
  const forGradient = purpose === 'training' || purpose === 'held';
  const summed = forGradient ? beforeLayerNormalization(found) : new Set<string>();

  for (const node of model.graph.node) {
    const shared = sharedConstant(graph, node, values);
    if (shared !== undefined) {
      values.set(node.output[0] ?? '', shared);
      continue;
    }
    const layer = layerAt.get(node);
    const plain = node.input.map((name, i) => places.get(node)?.get(i) ?? valueAt(name));
    if (normalization !== undefined && layer?.kind === 'BatchNormalization' && plain[0] !== undefined) {
      const x = ofKnownRank(plain[0], layer, model.name);
      const own = parameters.get(layer) as ReadonlyMap<Role, Value>;
      values.set(node.output[0] ?? '', normalization(graph, x, describeLayer(layer), own));
      continue;
    }
    const read =
      layer?.kind !== 'BatchNormalization'
        ? plain
        : (measurement?.inputs(plain, layer) ?? statisticsInputs(graph, plain, layer, purpose, model.name));
    const type = typeOf(node) === 'Add' && summed.has(node.output[0] ?? '') ? 'Sum' : node.opType;
    const operation = importNode(graph, node, type, read, { stated, valueAt });
    for (const output of operation.outputs) values.set(output.name, output);
    const [result] = operation.outputs;
    if (result === undefined) continue;
    if (layer !== undefined) inputs.set(layer, read[0]);
    if (layer?.kind === 'ScaleShift') {
      const observed = measurement?.scaleShift(result, layer, parameters.get(layer));
      values.set(result.name, observed ?? scaleShift(graph, result, layer, parameters));
    }
    if (!forGradient) continue;
    if (purpose === 'held' && layer?.kind === 'BatchNormalization') {
      const inputs = read.filter((value) => value !== undefined);
      values.set(
        result.name,
        graph.standFor(node.opType, inputs, { ...operation.attributes, [HELD_STATISTICS]: 1 }, result),
      );
      continue;
    }
    const whole =
      wholeLayer(graph, operation, fusedAt.get(result.name), valueAt, parameters) ?? idiom(graph, operation);
    if (whole !== undefined) values.set(result.name, whole);
  }
  const logits = values.get(model.output.name) ?? { name: model.output.name, shape: undefined };
  const layers = found.map((layer) => ({
    layer,
    parameters: parameters.get(layer) as ReadonlyMap<Role, Value>,
    input: inputs.get(layer),
    moments: measurement?.moments.get(layer),
  }));
  return { graph, input, logits, layers };
}

/**
 * The constant that a Constant node holds, that an Identity node hands on, as exporters share equal initializers, or
 * that was quantized.
 */
function sharedConstant(graph: Graph, node: NodeProto, values: ReadonlyMap<string, Value>): Value | undefined {
  if (typeOf(node) === 'Identity') {
    const value = values.get(node.input[0] ?? '');
    return value !== undefined && graph.constants.has(value.name) ? value : undefined;
  }
  const held = (name: string) => graph.constants.get(values.get(name)?.name ?? '');
  const tensor = typeOf(node) === 'Constant' ? constantOf(node) : dequantizedConstant(node, held);
  return tensor === undefined ? undefined : graph.adopt(tensor);
}
