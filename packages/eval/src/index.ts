// Images under another environment.
export {
  CORRUPTIONS,
  type CorruptionName,
  corrupt,
  EXTRA_CORRUPTIONS,
  type Image,
  type Severity,
} from './corruptions/index.js';
export { type LabelledImages, readLabelledImages } from './data/labelled-images.js';
export { toTensor } from './data/tensor.js';

// Streams and the methods that are compared on them.
export { type LabelledStream, labelledStream, type StreamOptions } from './methods/labelled-stream.js';
export { bestClass, type Outcome } from './methods/outcome.js';
export { type MethodSetup, openMethod } from './methods/open-method.js';
export { type AdaptedStreamSetup, adaptedStream, type StreamMoment } from './methods/adapted-stream.js';
export { StreamCloud } from './methods/stream-cloud.js';
export { withAdaptation } from './methods/with-adaptation.js';
export { withoutAdaptation } from './methods/without-adaptation.js';

// The demonstration run: processes and data, and its report.
export {
  type CohortPlan,
  type DemoPlan,
  demoPlan,
  type Environment,
  imagesPerDevice,
} from './demo/plan.js';
export {
  accuracyCurve,
  type CurvePoint,
  type DemoRecord,
  type DeviceRecord,
  type VersionMark,
  versionMarks,
} from './demo/record.js';
export { type DemoEvent, type DemoOptions, runDemo } from './demo/run.js';
export { type DemoSummary, type DeviceSummary, type EnvironmentSummary, summarise } from './demo/summary.js';
export { type Comparison, compare, type Verdict } from './demo/verdict.js';
export { outcomeSentences } from './report/sentences.js';
export { writeReport } from './report/write.js';

// Evaluation of a user's models on a user's data.
export { defaultMethods, METHOD_NAMES, methodOf } from './methods/method-table.js';
export type { EvalMethod, MethodNeeds } from './methods/eval-method.js';
export { type LinkOptions, PERFECT_LINK } from './methods/link.js';
export { STREAM_KINDS } from './streams/scenarios.js';
export type { CellResult } from './run/cell.js';
export type { EvalPlan } from './run/plan.js';
export { ResultsFile } from './run/results-file.js';
export { type EvalProgress, type EvalRecord, type EvalRunOptions, runEval } from './run/run-eval.js';
export { type EvalSummary, summariseEval } from './run/summary.js';
export type { MethodSummary, Standing } from './run/method-summary.js';
export { writeEvalReport } from './report/eval/write.js';
