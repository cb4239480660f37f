import {
  describeModel,
  type ModelDescription,
  OnnxError,
  type PrepareOptions,
  parseModel,
  readParameters,
} from '@renorm/onnx';
import { prepareRuntime } from '@renorm/onnx/node';
import { checkOptions, type OptionRules, option, RenormError, seededRandom } from '@renorm/protocol';
import { SampleVetting } from './admission/sample-vetting.js';
import { modelFile } from './model-file.js';
import { type ModelFile, type ModelPair, modelPair } from './models/model-facts.js';
import { ParametricSession } from './models/session.js';
import { NO_SAMPLES, type TrainingSamples } from './models/training-samples.js';
import { openStrategy, STRATEGIES, STRATEGY_NAMES, type StrategyName } from './strategy/strategies.js';

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
  readonly description: ModelDescription;
  /** What it does to the model before anything else, in sentences; none where it is fit as it is. */
  readonly changes: readonly string[];
  readonly edge: RoleVerdict;
  readonly foundation: RoleVerdict;
}

/** A model, and what it does not say of itself. */
export interface JudgeOptions extends PrepareOptions {
  /** A path, or the bytes of the file. */
  readonly model: string | Uint8Array;
}

const RULES = {
  model: option.required(option.pathOrBytes),
  output: option.text,
  sizes: option.sizes,
} satisfies OptionRules<JudgeOptions>;

/**
 * Tries whether a cloud would take a model, as the edge model or as the foundation model: by doing what it does when it starts, for every
 * strategy, a step on two samples included. What it says is what `startCloud` would.
 *
 * @throws RenormError MODEL_UNREADABLE, REQUEST_INVALID; OnnxError ONNX_NOT_A_MODEL and the like: there is no model to judge
 */
export async function judgeModel(options: JudgeOptions): Promise<ModelVerdict> {
  checkOptions('judgeModel', options, RULES);
  prepareRuntime(import.meta.url);
  const file = await modelFile(options.model, 'the model', options);
  const description = describeModel(parseModel(file.bytes, file.name));
  const found = await outcome(() => readWith(file));
  if (found.value === undefined) {
    const refused = { ready: false, strategies: [], ...(found.refusal && { refusal: found.refusal }) };
    return { description, changes: [], edge: refused, foundation: refused };
  }
  const judged = found.value;
  const tried = await Promise.all(
    STRATEGY_NAMES.map(async (strategy) => ({ strategy, ...(await outcome(() => tryStrategy(strategy, judged))) })),
  );
  const role = (names: readonly StrategyName[]): RoleVerdict => {
    const strategies = tried.filter(({ strategy }) => names.includes(strategy)).map(({ value: _, ...each }) => each);
    return { ready: strategies.some(({ refusal }) => refusal === undefined), strategies };
  };
  return {
    ...{ description, changes: judged.models.prepared.edge.changes },
    edge: role(STRATEGY_NAMES),
    foundation: role(STRATEGY_NAMES.filter((name) => STRATEGIES[name].needsFoundation)),
  };
}

/** The model as its own teacher. Run once, for two samples, so that the batch is surely open. */
async function readWith(file: ModelFile): Promise<Judged> {
  const models = modelPair(file, file);
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
