import { type GraphProto, TensorProto_DataType as Type } from './gen/onnx/onnx_pb.js';
import { findLayers, inTrainingMode } from './layers/find-layers.js';
import { elementsOf } from './layers/graph-index.js';
import { describeLayer, type NormalizationLayer, type Role } from './layers/layer.js';
import { bodiesOf, readBy } from './model/bodies.js';
import { constantOf } from './model/constant-node.js';
import { type InputType, type OnnxModel, shapeOf } from './model/model.js';
import { nameOf, typeOf } from './model/node.js';
import { hasRule, isFlat, isTypeOnly } from './operators/operators.js';

/** A node that no gradient can pass. */
export interface Obstacle {
  readonly operator: string;
  readonly node: string;
  readonly reason: string;
}

/** What a model is and what of it can be adapted. */
export interface ModelDescription {
  readonly name: string;
  readonly opset: number;
  readonly producer: string;
  readonly inputName: string;
  /** A number, or the name of an axis whose size varies. */
  readonly inputShape: readonly (number | string)[];
  readonly inputType: InputType;
  readonly outputName: string;
  /** The size of the output's last axis, where the model says it. */
  readonly classes: number | undefined;
  /** Number of all float values in the model. */
  readonly parameterCount: number;
  readonly layers: readonly NormalizationLayer[];
  /** Number of gamma and beta values. */
  readonly trainableCount: number;
  /** Names of the layers that a gradient reaches. */
  readonly learnable: readonly string[];
  /** How often each operator occurs, most frequent first. */
  readonly operators: ReadonlyMap<string, number>;
  readonly obstacles: readonly Obstacle[];
}

/** Describes a model without running it. */
export function describeModel(model: OnnxModel): ModelDescription {
  const layers = findLayers(model);
  const { learnable, obstacles } = followGradient(
    model,
    layers.map(({ node }) => node),
  );
  const outputShape = shapeOf(model.output);
  const last = outputShape.at(-1);
  const counts = new Map<string, number>();
  for (const node of model.graph.node) counts.set(typeOf(node), (counts.get(typeOf(node)) ?? 0) + 1);
  return {
    name: model.name,
    opset: model.opset,
    producer: [model.proto.producerName, model.proto.producerVersion].filter((part) => part !== '').join(' '),
    inputName: model.input.name,
    inputShape: shapeOf(model.input),
    inputType: model.inputType,
    outputName: model.output.name,
    classes: typeof last === 'number' ? last : undefined,
    parameterCount: parameterCountOf(model.graph),
    layers: layers.map(describeLayer),
    trainableCount: layers.reduce((sum, { channels, roles }) => sum + channels * roles.filter(isTrained).length, 0),
    learnable: layers.filter(({ node }) => learnable.has(node)).map(({ name }) => name),
    operators: new Map([...counts].sort(([a, n], [b, m]) => m - n || a.localeCompare(b))),
    obstacles,
  };
}

/** Values of initializers and of Constant nodes, also in bodies: floats, and what they were quantized to. */
function parameterCountOf(graph: GraphProto): number {
  const held = graph.node.flatMap((node) => (typeOf(node) === 'Constant' ? (constantOf(node) ?? []) : []));
  const own = [...graph.initializer, ...held].filter(({ dataType }) => !NOT_PARAMETERS.has(dataType));
  const inside = graph.node.flatMap(bodiesOf).map(parameterCountOf);
  return [...own.map(elementsOf), ...inside].reduce((sum, count) => sum + count, 0);
}

/** Types of shapes, axes, indices and masks. */
const NOT_PARAMETERS: ReadonlySet<number> = new Set([Type.INT64, Type.BOOL, Type.STRING]);

const isTrained = (role: Role): boolean => role === 'gamma' || role === 'beta';

const operationOf = ({ opType, domain }: OnnxModel['graph']['node'][number]) => ({ type: opType, domain });

/** Walks back from the output as the gradient would. */
function followGradient(model: OnnxModel, layers: readonly OnnxModel['graph']['node'][number][]) {
  const isLayer = new Set(layers);
  const depends = new Set<string>();
  for (const node of model.graph.node) {
    const to = Number(node.attribute.find(({ name }) => name === 'to')?.i);
    if (isFlat({ ...operationOf(node), attributes: { to } })) continue;
    if (isLayer.has(node) || readBy(node).some((name, i) => depends.has(name) && !isTypeOnly(operationOf(node), i)))
      for (const output of node.output) depends.add(output);
  }
  const wanted = new Set([model.output.name]);
  const learnable = new Set<(typeof layers)[number]>();
  const obstacles: Obstacle[] = [];
  for (const node of [...model.graph.node].reverse()) {
    if (!node.output.some((name) => wanted.has(name) && depends.has(name))) continue;
    if (isLayer.has(node) && !inTrainingMode(node)) learnable.add(node);
    if (inTrainingMode(node)) {
      const reason = 'normalises by its batch: the model was exported in training mode';
      obstacles.push({ operator: node.opType, node: nameOf(node), reason });
    }
    readBy(node).forEach((name, i) => {
      if (!depends.has(name) || isTypeOnly(operationOf(node), i)) return;
      if (hasRule(operationOf(node), i)) wanted.add(name);
      else
        obstacles.push({
          operator: typeOf(node),
          node: nameOf(node),
          reason: `no gradient rule for input ${i} of ${typeOf(node)}`,
        });
    });
  }
  return { learnable, obstacles };
}
