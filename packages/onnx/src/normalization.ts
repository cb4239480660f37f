import { OnnxError } from './errors.js';
import type { NodeProto } from './gen/onnx/onnx_pb.js';
import { constantLookup, type OnnxModel } from './model.js';
import { readFloats } from './tensor.js';

/** A layer whose parameters can be adapted. */
export interface NormalizationLayer {
  /** The node's name, or its output's where it has none. */
  readonly name: string;
  readonly kind: 'BatchNormalization';
  readonly channels: number;
  readonly epsilon: number;
}

/** The keys under which a layer's parameters stand in a ParameterSet. */
export interface ParameterNames {
  readonly gamma: string;
  readonly beta: string;
  readonly mean: string;
  readonly variance: string;
}

/** Normalization parameters by key, in graph order; for each layer gamma, beta, running mean, running variance, float32 [channels]. */
export type ParameterSet = ReadonlyMap<string, Float32Array>;

export function parameterNames(layer: NormalizationLayer): ParameterNames {
  const { name } = layer;
  return { gamma: `${name}/gamma`, beta: `${name}/beta`, mean: `${name}/mean`, variance: `${name}/variance` };
}

/** A layer with the node that it was found at. */
export interface FoundLayer extends NormalizationLayer {
  readonly node: NodeProto;
  readonly values: readonly [gamma: Float32Array, beta: Float32Array, mean: Float32Array, variance: Float32Array];
}

/** BatchNormalization layers with constant parameters, in graph order. May be none. */
export function findLayers(model: OnnxModel): FoundLayer[] {
  const constant = constantLookup(model.graph);
  return model.graph.node
    .filter((node) => node.opType === 'BatchNormalization')
    .flatMap((node) => {
      const tensors = node.input.slice(1, 5).map(constant);
      if (tensors.length !== 4 || tensors.some((tensor) => tensor === undefined)) return [];
      const values = tensors.map((tensor) => readFloats(tensor as NonNullable<typeof tensor>));
      const [gamma, beta, mean, variance] = values as [Float32Array, Float32Array, Float32Array, Float32Array];
      const epsilon = node.attribute.find((attribute) => attribute.name === 'epsilon')?.f ?? 1e-5;
      return [
        {
          name: node.name || (node.output[0] ?? ''),
          kind: 'BatchNormalization' as const,
          channels: gamma.length,
          epsilon,
          node,
          values: [gamma, beta, mean, variance] as const,
        },
      ];
    });
}

/**
 * The normalization layers of a model, in graph order.
 *
 * @throws OnnxError ONNX_NO_NORMALIZATION: there is none; ONNX_UNSUPPORTED: the model was exported in training mode
 */
export function normalizationLayers(model: OnnxModel): NormalizationLayer[] {
  return requireLayers(model).map(({ name, kind, channels, epsilon }) => ({ name, kind, channels, epsilon }));
}

/** Whether a node normalises by its batch and not by the running statistics: what an export in training mode leaves behind. */
export const inTrainingMode = (node: NodeProto): boolean =>
  node.opType === 'BatchNormalization' && node.attribute.some(({ name, i }) => name === 'training_mode' && i !== 0n);

/** @throws OnnxError ONNX_NO_NORMALIZATION, ONNX_UNSUPPORTED: exported in training mode */
export function requireLayers(model: OnnxModel): FoundLayer[] {
  const training = model.graph.node.find(inTrainingMode);
  if (training !== undefined) {
    throw new OnnxError(
      'ONNX_UNSUPPORTED',
      `"${training.name}" in ${model.name} normalises by its batch, because the model was in training mode when it was exported; call model.eval() and export it again.`,
    );
  }
  const layers = findLayers(model);
  if (layers.length > 0) return layers;
  throw new OnnxError(
    'ONNX_NO_NORMALIZATION',
    `${model.name} has no BatchNormalization layer, so there is nothing to adapt. If it had some before the export, they were folded into the convolutions: ` +
      'call model.eval(), and export with training=torch.onnx.TrainingMode.PRESERVE and do_constant_folding=False.',
  );
}
