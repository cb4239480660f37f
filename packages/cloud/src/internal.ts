// For the packages beside this one, which are released with it: parts of a cloud, without sockets, threads and disk.
// What is here may change with any version.

export { CatchUp } from './gateway/catch-up.js';
export { storableSamples } from './gateway/storable-samples.js';
export { modelFile } from './model-file.js';
export { type Batch, batchOf, rowsOf } from './models/batch.js';
export { type ModelFile, type Models, modelPair, readModels } from './models/model-facts.js';
export { moveStatistics as moveTowards, sgdStep } from './models/optimizer.js';
export { ParametricSession, TrainingSession } from './models/session.js';
export { sketchFormat } from './models/sketch-format.js';
export { StatisticsSession } from './models/statistics-session.js';
export type { TrainingSamples } from './models/training-samples.js';
export type { EdgeLogits } from './publication/delta-writer.js';
export { type Candidate, type Gate, OPEN_GATE, type Verdict } from './publication/gate.js';
export { type Appended, Cohorts } from './store/cohorts.js';
export { MemoryStore } from './store/memory.js';
export { distillationLoss, entropyLoss, TARGET_LOGITS } from './strategy/cema/losses.js';
export { ADAPTATION_DEFAULTS } from './strategy/cema/options.js';
export { needsFoundation } from './strategy/strategies.js';
export type { Batches, LogView, Plan, Strategy, StrategyStep, Work } from './strategy/strategy.js';
export type { StepReport } from './trainer/messages.js';
export { openTraining, type Training, type TrainingSetup } from './trainer/open-training.js';
export { type Outcome as LoopOutcome, TrainingLoop } from './trainer/training-loop.js';
