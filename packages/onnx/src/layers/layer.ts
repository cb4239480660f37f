import type { NodeProto } from '../gen/onnx/onnx_pb.js';

/**
 * What normalises. ScaleShift is a scale and a shift per channel, starting at 1 and 0, behind a convolution into which
 * a BatchNormalization was folded when the model was exported. Affine is such a scale and shift as the model has them.
 */
export type LayerKind =
  | 'BatchNormalization'
  | 'LayerNormalization'
  | 'GroupNormalization'
  | 'InstanceNormalization'
  | 'RMSNormalization'
  | 'ScaleShift'
  | 'Affine';

/** gamma scales, beta shifts; mean and variance are the running statistics of a BatchNormalization. */
export type Role = 'gamma' | 'beta' | 'mean' | 'variance';

/** A layer whose parameters can be adapted. */
export interface NormalizationLayer {
  /** The node's name, or its output's where it has none of its own. */
  readonly name: string;
  readonly kind: LayerKind;
  /** Number of values of each parameter. */
  readonly channels: number;
  /** 0 where nothing is divided by a deviation. */
  readonly epsilon: number;
  /** Which parameters it has, in their order in a ParameterSet. */
  readonly roles: readonly Role[];
}

/** The key under which a parameter stands in a ParameterSet. */
export const parameterKey = (layer: Pick<NormalizationLayer, 'name'>, role: Role): string => `${layer.name}/${role}`;

/** The keys of a layer's parameters, in order. */
export const parameterKeys = (layer: NormalizationLayer): string[] =>
  layer.roles.map((role) => parameterKey(layer, role));

/**
 * Normalization parameters by key, in graph order; for each layer gamma, beta, running mean, running variance, as far
 * as it has them: float32 [channels]. Other packages know it as the ParameterSet of @renorm/protocol, which this one
 * does not import.
 */
export type ParameterSet = ReadonlyMap<string, Float32Array>;

/** A parameter in its model. */
export interface Parameter {
  readonly role: Role;
  readonly values: Float32Array;
  /** Its shape in the model, which broadcasts against the layer's input. */
  readonly dims: readonly number[];
  /** Where the model reads it; undefined for a parameter that has yet to be inserted. */
  readonly at: { readonly node: NodeProto; readonly index: number } | undefined;
}

/** A normalization written in primitive operators, as the one operator that it amounts to. */
export interface Fused {
  readonly type: 'LayerNormalization';
  readonly input: string;
  readonly output: string;
  readonly axis: number;
}

/** A layer with its place in the model. */
export interface FoundLayer extends NormalizationLayer {
  /** The node that reads gamma; of a ScaleShift, the node that it stands behind. */
  readonly node: NodeProto;
  readonly parameters: readonly Parameter[];
  readonly fused?: Fused;
}

/** A layer as users see it. */
export const describeLayer = ({ name, kind, channels, epsilon, roles }: FoundLayer): NormalizationLayer => ({
  name,
  kind,
  channels,
  epsilon,
  roles,
});
