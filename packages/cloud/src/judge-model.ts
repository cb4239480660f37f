import { describeModel, type ModelDescription, OnnxError, parseModel, readParameters } from '@renorm/onnx';
import { prepareRuntime } from '@renorm/onnx/node';
import { checkOptions, type OptionRules, option, RenormError, seededRandom } from '@renorm/protocol';
import { SampleVetting } from './admission/sample-vetting.js';
import type { CloudOptions } from './cloud-options.js';
import { foldingRemark } from './folding-remark.js';
import { modelFile } from './model-file.js';
import { type ModelFile, type ModelPair, modelPair } from './models/model-facts.js';
import { ParametricSession } from './models/session.js';
import { NO_SAMPLES, type TrainingSamples } from './models/training-samples.js';
import { CLOUD_RULES } from './option-rules.js';
import {
  needsFoundation,
  openStrategy,
  STRATEGY_NAMES,
  type StrategyName,
  usesFoundation,
} from './strategy/strategies.js';

/** Why a model cannot be used. The text ends in what to do. */
export interface Refusal {
  readonly code: string;
  readonly text: string;
}

/** Whether a cloud would take a model in a role. */
export interface RoleVerdict {
  /** Some strategy would. */
  readonly ready: boolean;
  /** By strategy; those that the role is nothing to are left out. Empty where no strategy is to blame. */
  readonly strategies: readonly { readonly strategy: StrategyName; readonly refusal?: Refusal }[];
  /** Why none would, whatever the strategy. */
  readonly refusal?: Refusal;
}

/** What a cloud has to say of a model. */
export interface ModelVerdict {
  /** Undefined for an ONNX model that is none for renorm, such as one of several inputs. */
  readonly description: ModelDescription | undefined;
  /** What it does to the model before anything else, in sentences; none where it is fit as it is. */
  readonly changes: readonly string[];
  /** What it costs that BatchNormalization was folded away, and the like. */
  readonly remarks: readonly string[];
  readonly edge: RoleVerdict;
  readonly foundation: RoleVerdict;
  /** Of the model as edge model together with the foundation model that was given. */
  readonly pair?: PairVerdict;
}

/** Whether a cloud would take two models together. */
export interface PairVerdict extends RoleVerdict {
  /** What is done to the foundation model, and to samples on their way to it. */
  readonly changes: readonly string[];
}

/** A model, and what it does not say of itself. */
export interface JudgeOptions
  extends Pick<CloudOptions, 'output' | 'sizes' | 'foundationModel' | 'foundation' | 'preprocessing' | 'labels'> {
  /** A path, or the bytes of the file. */
  readonly model: string | Uint8Array;
}

const RULES = {
  model: option.required(option.pathOrBytes),
  ...{ output: CLOUD_RULES.output, sizes: CLOUD_RULES.sizes, preprocessing: CLOUD_RULES.preprocessing },
  ...{ foundationModel: CLOUD_RULES.foundationModel, foundation: CLOUD_RULES.foundation, labels: CLOUD_RULES.labels },
} satisfies OptionRules<JudgeOptions>;

/**
 * Tries whether a cloud would take a model, as the edge model or as the foundation model, and together with a
 * foundation model: by doing what it does when it starts, for every strategy, a step on two samples included. What it
 * says is what `startCloud` would.
 *
 * @throws RenormError MODEL_UNREADABLE, REQUEST_INVALID; OnnxError ONNX_NOT_A_MODEL and the like: there is no model to
 *   judge
 */
export async function judgeModel(options: JudgeOptions): Promise<ModelVerdict> {
  checkOptions('judgeModel', options, RULES);
  prepareRuntime(import.meta.url);
  const file = await modelFile(options.model, 'the model', options);
  const description = described(file);
  if (!('layers' in description)) {
    const refused = { ready: false, strategies: [], refusal: description };
    return { description: undefined, changes: [], remarks: [], edge: refused, foundation: refused };
  }
  const pair = options.foundationModel === undefined ? undefined : await judgePair(file, options);
  const found = await outcome(() => readWith(file));
  if (found.value === undefined) {
    const refused = { ready: false, strategies: [], ...(found.refusal && { refusal: found.refusal }) };
    return { description, changes: [], remarks: [], edge: refused, foundation: refused, ...(pair && { pair }) };
  }
  const judged = found.value;
  const strategies = await tried(STRATEGY_NAMES, judged);
  const role = (names: readonly StrategyName[]): RoleVerdict => {
    const of = strategies.filter(({ strategy }) => names.includes(strategy));
    return { ready: isReady(of), strategies: of };
  };
  const remark = foldingRemark(judged.models.edge);
  return {
    ...{ description, changes: judged.models.prepared.edge.changes, remarks: remark === undefined ? [] : [remark] },
    edge: role(STRATEGY_NAMES),
    foundation: role(STRATEGY_NAMES.filter(needsFoundation)),
    ...(pair && { pair }),
  };
}

/** @returns why it is no model for renorm, though an ONNX model @throws OnnxError: it is none */
function described(file: ModelFile): ModelDescription | Refusal {
  try {
    return describeModel(parseModel(file.bytes, file.name));
  } catch (error) {
    if (error instanceof OnnxError && error.code === 'ONNX_UNSUPPORTED') return { code: error.code, text: error.text };
    throw error;
  }
}

async function judgePair(edge: ModelFile, options: JudgeOptions): Promise<PairVerdict> {
  const { foundationModel, foundation } = options;
  const read = await outcome(async () => {
    const file = await modelFile(foundationModel ?? '', 'the foundation model', foundation);
    const models = modelPair(edge, file);
    return { models, samples: trialSamples(models) };
  });
  if (read.value === undefined)
    return { ready: false, strategies: [], changes: [], ...(read.refusal && { refusal: read.refusal }) };
  const strategies = await tried(STRATEGY_NAMES.filter(usesFoundation), read.value);
  return { ready: isReady(strategies), strategies, changes: read.value.models.prepared.foundation.changes };
}

const isReady = (strategies: RoleVerdict['strategies']): boolean =>
  strategies.some(({ refusal }) => refusal === undefined);

const tried = (names: readonly StrategyName[], judged: Judged): Promise<RoleVerdict['strategies'][number][]> =>
  Promise.all(
    names.map(async (strategy) => {
      const { refusal } = await outcome(() => tryStrategy(strategy, judged));
      return { strategy, ...(refusal && { refusal }) };
    }),
  );

/** The model as its own teacher. Run once, for two samples, so that the batch is surely open. */
async function readWith(file: ModelFile): Promise<Judged> {
  const { preprocessing: _preprocessing, beside: _beside, ...alone } = file;
  const models = modelPair(alone, alone);
  const { edge, sampleShape, classes } = models;
  const vetting = await SampleVetting.open(edge, sampleShape);
  await vetting.release();
  const session = await ParametricSession.create(edge, sampleShape, { threads: 1 });
  try {
    const samples = trialSamples(models);
    const { length } = await session.logits(readParameters(edge), samples);
    if (length === 2 * classes) return { models, samples };
    throw new OnnxError(
      'ONNX_UNSUPPORTED',
      `${edge.name} gives ${length} scores for 2 samples and ${classes} classes; export it with one row of scores for each sample.`,
    );
  } finally {
    await session.release();
  }
}

interface Judged {
  readonly models: ModelPair;
  readonly samples: TrainingSamples;
}

/** Two samples between 0 and 1; token ids that any model has. */
function trialSamples({ edge, sampleShape }: ModelPair): TrainingSamples {
  const random = seededRandom(1);
  const whole = edge.graph.node[0]?.opType === 'Cast';
  const elements = sampleShape.reduce((product, size) => product * size, 1);
  const data = Float32Array.from({ length: 2 * elements }, () => (whole ? Math.round(random()) : random()));
  const origins = [0, 1].map((position) => ({ position, device: `trial-${position}`, selection: undefined }));
  return { data, count: 2, origins };
}

/** Opens a strategy as the trainer does, and makes a step on two samples. */
async function tryStrategy(name: StrategyName, { models, samples }: Judged): Promise<true> {
  const strategy = await openStrategy(name, { models, threads: 1 });
  try {
    const plan = { kind: 'fresh', fresh: [0, 1], replay: [], trained: 2, state: strategy.initial(1) } as const;
    await strategy.step(plan, { fresh: samples, replay: NO_SAMPLES });
    return true;
  } finally {
    await strategy.release();
  }
}

/** @returns what came of it, or why nothing did */
async function outcome<Value>(
  work: () => Promise<Value>,
): Promise<{ readonly value?: Value; readonly refusal?: Refusal }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof OnnxError || error instanceof RenormError)
      return { refusal: { code: error.code, text: error.text } };
    const why = error instanceof Error ? error.message : String(error);
    return { refusal: { code: 'MODEL_UNREADABLE', text: `onnxruntime refuses what was made of the model (${why}).` } };
  }
}
