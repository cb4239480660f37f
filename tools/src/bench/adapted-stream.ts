import {
  Adaptation,
  type Batch,
  batchOf,
  drawReplay,
  joinBatches,
  type ModelPair,
  ParametricSession,
  replayWindow,
} from '@renorm/cloud';
import { initialSelection, select, softmax } from '@renorm/edge';
import { bestClass } from '@renorm/eval';
import type { ParameterSet } from '@renorm/protocol';

/** A step of adaptation that has just been made. */
export interface AdaptedStep {
  /** Of the edge model, as trained. */
  readonly parameters: ParameterSet;
  /** What it was trained on. */
  readonly samples: Batch;
  readonly trainMs: number;
}

/** What the device does between two steps. */
export interface StreamDevice {
  /** Parameters that it predicts with, at any moment. */
  running(): ParameterSet;
  /** What the cloud gets of a sample that was selected. */
  upload(input: Float32Array): Promise<Float32Array>;
}

/** The method and its edge model, as a benchmark runs them. */
export interface BenchedMethod {
  readonly adaptation: Adaptation;
  /** Logits of the edge model under some parameters, [samples, classes]. */
  edgeLogits(parameters: ParameterSet, samples: Batch): Promise<Float32Array>;
}

/** @param threads for one operator */
export async function openMethod(models: ModelPair, threads: number): Promise<BenchedMethod> {
  const adaptation = await Adaptation.create({ models, threads });
  const edge = await ParametricSession.create(models.edge, models.sampleShape, { threads });
  return { adaptation, edgeLogits: (parameters, samples) => edge.logits(parameters, samples) };
}

/** A device and a cloud in one loop, without a network: predicts, selects, and makes a step whenever enough was selected. */
export async function* adaptedStream(
  { adaptation, edgeLogits }: BenchedMethod,
  inputs: readonly Float32Array[],
  device: StreamDevice,
): AsyncGenerator<AdaptedStep> {
  const { options, pair } = adaptation;
  let state = adaptation.initialState(1);
  let selection = initialSelection(pair.classes);
  const log: Float32Array[] = [];
  let trained = 0;
  for (const data of inputs) {
    const { probabilities, entropy } = softmax(await edgeLogits(device.running(), { data, count: 1 }));
    const decision = select(selection, probabilities, entropy);
    selection = decision.state;
    if (!decision.keep) continue;
    log.push(await device.upload(data));
    if (log.length - trained < options.samplesPerStep) continue;
    const drawn = drawReplay(replayWindow(trained, options), state.random, options);
    const fresh = batchOf(log.slice(trained).map((sample) => ({ data: sample })));
    const replay = batchOf(drawn.positions.map((position) => ({ data: log[position] as Float32Array })));
    const started = performance.now();
    state = (await adaptation.step({ ...state, random: drawn.random }, fresh, replay)).state;
    const trainMs = performance.now() - started;
    trained = log.length;
    yield { parameters: state.edge.parameters, samples: joinBatches(fresh, replay), trainMs };
  }
}

/** The share of images that the edge model gets right. */
export async function accuracyOf(
  { adaptation, edgeLogits }: BenchedMethod,
  parameters: ParameterSet,
  { images, labels }: { readonly images: readonly Float32Array[]; readonly labels: ArrayLike<number> },
): Promise<number> {
  const { classes } = adaptation.pair;
  const logits = await edgeLogits(parameters, batchOf(images.map((data) => ({ data }))));
  const hits = images.filter(
    (_, i) => bestClass(logits.subarray(i * classes, (i + 1) * classes), classes) === labels[i],
  );
  return hits.length / images.length;
}
