// Reading and writing models.
export {
  type InputType,
  type OnnxModel,
  type ParseOptions,
  parseModel,
  serializeFiles,
  serializeModel,
} from './model/model.js';
export type { ExternalDataReader, ModelFileOptions, ModelFiles } from './model/external-data.js';
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
export { type InferenceModel, type InferenceOptions, inferenceModel } from './inference-model.js';
export { type ParametricOptions, parametricModel } from './parametric-model.js';
export type { Normalization } from './import/import-graph.js';
export {
  type MeasuredLayer,
  type Moments,
  pooledMoments,
  type StatisticsModel,
  type StatisticsOptions,
  sketchedLayers,
  statisticsModel,
} from './statistics-model.js';

// Making a model fit for adaptation.
export {
  type Activation,
  type ClassifierOutput,
  classifierOutput,
  type OutputOptions,
} from './prepare/classifier-output.js';
export { inClassOrder } from './prepare/class-order.js';
export { fixSizes, openSizes } from './prepare/fix-sizes.js';
export { floatInterface } from './prepare/float-interface.js';
export { type LogitsModel, logitsModel } from './prepare/logits-model.js';
export { openBatch } from './prepare/open-batch.js';
export { type PreparedClassifier, type PrepareOptions, prepareClassifier } from './prepare/prepare-classifier.js';
export type { Prepared } from './prepare/rewrite.js';
export { type Sizes, sampleShape } from './prepare/sizes.js';

export { type LayerSource, readSourceMoments, withSourceMoments } from './source-moments.js';

// Gradient graphs.
export { type Loss, type TrainingModel, type TrainingOptions, trainingModel } from './training-model.js';
export type { Graph } from './graph/graph.js';
export type { Attributes, Dim, Operation, Shape, Value } from './graph/types.js';
export { differentiableOperators } from './operators/operators.js';

// Errors.
export { OnnxError, type OnnxErrorCode } from './errors.js';
