// Reading and writing models.
export { describeModel, type ModelDescription, type Obstacle } from './describe.js';
// Errors.
export { OnnxError, type OnnxErrorCode } from './errors.js';
// Gradient graphs.
export type { GradientOptions } from './grad/gradients.js';
export { differentiableOperators } from './grad/rules.js';
export type { Attributes, Dim, Graph, Operation, Shape, Value } from './graph.js';
export { normalizationLayers } from './layers/find-layers.js';
export {
  type LayerKind,
  type NormalizationLayer,
  type ParameterSet,
  parameterKey,
  parameterKeys,
  type Role,
} from './layers/layer.js';
export { type InputType, type OnnxModel, parseModel, serializeModel } from './model.js';
export { readParameters, withParameters } from './parameters.js';
export { type ParametricOptions, parametricModel } from './parametric-model.js';
export { type Loss, type TrainingModel, trainingModel } from './training-model.js';
