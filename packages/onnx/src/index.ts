// Reading and writing models.
export {
  type InputType,
  type OnnxModel,
  type ParseOptions,
  parseModel,
  serializeFiles,
  serializeModel,
} from './model.js';
export type { ExternalDataReader, ModelFileOptions, ModelFiles } from './external-data.js';
export { describeModel, type ModelDescription, type Obstacle } from './describe.js';

// Normalization layers and their parameters.
export { normalizationLayers } from './layers/find-layers.js';
export {
  type LayerKind,
  type NormalizationLayer,
  parameterKey,
  parameterKeys,
  type Role,
} from './layers/layer.js';
export { readParameters, withParameters } from './parameters.js';
export { type ParametricOptions, parametricModel } from './parametric-model.js';

// Gradient graphs.
export { type Loss, type TrainingModel, type TrainingOptions, trainingModel } from './training-model.js';
export type { Attributes, Dim, Graph, Operation, Shape, Value } from './graph.js';
export { differentiableOperators } from './grad/rules.js';

// Errors.
export { OnnxError, type OnnxErrorCode } from './errors.js';
