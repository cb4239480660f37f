import type { StepReport, Training } from '@renorm/cloud/internal';
import { policyOf, type SelectionChoice, softmax } from '@renorm/edge';
import {
  applyVersion,
  create,
  type EncodedSample,
  encodeSample,
  fromBinary,
  parseWatchResponse,
  type Sample,
  SampleSchema,
  seededRandom,
  toBinary,
  UploadRequestSchema,
  type VersionState,
  WatchResponseSchema,
} from '@renorm/protocol';
import { StreamCloud } from './stream-cloud.js';

/** What one device's stream is adapted with. */
export interface AdaptedStreamSetup {
  /** As `openMethod` opens it. */
  readonly training: Training;
  /** One that nobody has used: what is learnt from this stream stays in it. What the cloud draws depends on its name. */
  readonly cohort: string;
  /** Which samples are uploaded. Default: what a device selects. */
  readonly selection?: SelectionChoice;
  /** How a sample travels. Default: as a tensor, exactly. */
  encode?(input: Float32Array): Promise<EncodedSample>;
}

/** What happened at one image. */
export interface StreamMoment {
  readonly index: number;
  /** The prediction, one for each class. */
  readonly logits: Float32Array;
  /** Whether the sample was selected. */
  readonly kept: boolean;
  /** Bytes of the messages behind it: of the upload, when a batch was full, and of the version that came of it. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Steps that the upload led to. */
  readonly reports: readonly StepReport[];
  /** What the next image is predicted with. */
  readonly running: VersionState;
}

/** What the methods here make a step of. */
const SAMPLES_PER_UPLOAD = 32;

/**
 * A device and its cloud in one loop, without sockets, threads and disk: prediction, selection, upload, step, and the new version on the device
 * before its next prediction. Policy, schedule, strategy, records and messages are those that ship.
 *
 * @param inputs float32, one array an image
 * @throws RenormError TRAINER_FAILED
 */
export async function* adaptedStream(
  setup: AdaptedStreamSetup,
  inputs: Iterable<Float32Array>,
): AsyncGenerator<StreamMoment> {
  const { training, cohort } = setup;
  const { models, edgeLogits, exported } = training;
  const device = { id: 'device-1', cohort, modelDigest: models.edgeDigest };
  const policy = policyOf(setup.selection);
  const random = seededRandom(1);
  const cloud = new StreamCloud(training);
  let state = policy.initial(models.classes);
  let running: VersionState = exported;
  let batch: Sample[] = [];
  let [index, sequence] = [0, 0];
  try {
    for (const data of inputs) {
      const logits = await edgeLogits(running.parameters, { data, count: 1 });
      const { probabilities, entropy } = softmax(logits);
      const observation = { logits, probabilities, entropy, version: running.number, random: random() };
      const { upload, reason, ...decision } = policy.decide(state, observation);
      state = decision.state;
      const moment = { index: index++, logits, kept: upload !== undefined };
      if (upload !== undefined) {
        const encoded = (await setup.encode?.(data)) ?? encodeSample({ data, shape: models.sampleShape });
        const selection = { policy: policy.name, reason, ...upload };
        const head = { sequence: BigInt(++sequence), version: BigInt(running.number), entropy };
        batch.push(create(SampleSchema, { ...encoded, ...head, selection }));
      }
      if (batch.length < SAMPLES_PER_UPLOAD) {
        yield { ...moment, bytesUp: 0, bytesDown: 0, reports: [], running };
        continue;
      }
      const request = create(UploadRequestSchema, { device, session: new Uint8Array(16), samples: batch });
      const message = toBinary(UploadRequestSchema, request);
      batch = [];
      await cloud.upload(message);
      const reports = await cloud.train();
      const response = await cloud.watch(running, cohort);
      if (response !== undefined)
        running = applyVersion(running, parseWatchResponse(fromBinary(WatchResponseSchema, response)));
      yield { ...moment, bytesUp: message.length, bytesDown: response?.length ?? 0, reports, running };
    }
  } finally {
    await cloud.close();
  }
}
