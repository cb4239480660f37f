import {
  type Adaptation,
  batchOf,
  deltaWriter,
  drawReplay,
  joinBatches,
  type ParametricSession,
  replayWindow,
} from '@renorm/cloud';
import { initialSelection, type SelectionOptions, select, softmax } from '@renorm/edge';
import {
  create,
  encodeSample,
  exportedVersion,
  toBinary,
  UploadRequestSchema,
  type VersionState,
  WatchResponseSchema,
} from '@renorm/protocol';
import type { LabelledStream } from './labelled-stream.js';
import { bestClass, type Outcome } from './outcome.js';

export interface CemaSetup {
  readonly adaptation: Adaptation;
  /** The edge model on running statistics. */
  readonly edge: ParametricSession;
  readonly selection?: Partial<SelectionOptions>;
  readonly seed: number;
}

const DEVICE = { id: 'device-1', cohort: 'bench', modelDigest: new Uint8Array(32) };

/**
 * The published method on one device's stream: prediction, selection, upload of 32, a step in the cloud, the new version on the device
 * before its next prediction. The stream never pauses, so there is no idle replay. Bytes are those of the real messages.
 */
export async function cema(setup: CemaSetup, { inputs, labels }: LabelledStream): Promise<Outcome> {
  const { adaptation, edge, seed } = setup;
  const { options, pair } = adaptation;
  let state = adaptation.initialState(seed);
  let version: VersionState = exportedVersion(state.edge.parameters);
  const writer = deltaWriter({
    exported: version,
    edgeLogits: (parameters, samples) => edge.logits(parameters, samples),
    classes: pair.classes,
  });
  let selection = initialSelection(pair.classes, setup.selection);
  const log: Float32Array[] = [];
  let [hits, trained, bytesUp, bytesDown] = [0, 0, 0, 0];
  for (const [i, data] of inputs.entries()) {
    const logits = await edge.logits(version.parameters, { data, count: 1 });
    hits += bestClass(logits, pair.classes) === labels[i] ? 1 : 0;
    const { probabilities, entropy } = softmax(logits);
    const decision = select(selection, probabilities, entropy);
    selection = decision.state;
    if (!decision.keep) continue;
    log.push(data);
    if (log.length - trained < options.samplesPerStep) continue;
    bytesUp += uploadBytes(log.slice(trained), trained, pair.sampleShape, version.number);
    const drawn = drawReplay(replayWindow(trained, options), state.random, options);
    const fresh = batchOf(log.slice(trained).map((sample) => ({ data: sample })));
    const replay = batchOf(drawn.positions.map((position) => ({ data: log[position] as Float32Array })));
    const step = await adaptation.step({ ...state, random: drawn.random }, fresh, replay);
    state = step.state;
    trained = log.length;
    const samples = joinBatches(fresh, replay);
    const encoded = await writer.write(version, state.edge.parameters, samples, samples.count);
    bytesDown += toBinary(WatchResponseSchema, create(WatchResponseSchema, { version: encoded.version })).length;
    version = encoded.decoded;
  }
  const thousands = inputs.length / 1000;
  return {
    accuracy: hits / inputs.length,
    uploaded: log.length / inputs.length,
    bytesUpPerThousand: bytesUp / thousands,
    bytesDownPerThousand: bytesDown / thousands,
  };
}

function uploadBytes(
  samples: readonly Float32Array[],
  first: number,
  shape: readonly number[],
  version: number,
): number {
  const request = create(UploadRequestSchema, {
    device: DEVICE,
    session: new Uint8Array(16),
    samples: samples.map((data, i) => ({
      ...encodeSample({ data, shape }),
      sequence: BigInt(first + i + 1),
      version: BigInt(version),
      entropy: 0.5,
    })),
  });
  return toBinary(UploadRequestSchema, request).length;
}
