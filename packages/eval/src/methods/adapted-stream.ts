import type { StepReport, Training } from '@renorm/cloud/internal';
import {
  EMPTY_WINDOW,
  gather,
  policyOf,
  QUEUE_DEFAULTS,
  type SelectionChoice,
  type SketchOptions,
  sketchOf,
  softmax,
} from '@renorm/edge';
import type { SketchSession } from '@renorm/edge/node';
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
import { carried, firstAllowance, grown, isOnline, type LinkOptions, PERFECT_LINK } from './link.js';
import { StreamCloud } from './stream-cloud.js';

/** What one device's stream is adapted with. */
export interface AdaptedStreamSetup {
  /** As `openMethod` opens it. */
  readonly training: Training;
  /**
   * One that nobody has used: what is learnt from this stream stays in it. What the cloud draws depends on its name.
   */
  readonly cohort: string;
  /** Which samples are uploaded. Default: what a device selects. */
  readonly selection?: SelectionChoice;
  /** Whether samples are uploaded. Default: `samples`. */
  readonly upload?: 'samples' | 'none';
  /** Makes sketches, each in a message of its own. Default: none. */
  readonly sketches?: SketchOptions & { readonly session: SketchSession };
  /** How a sample travels. Default: as a tensor, exactly. */
  encode?(input: Float32Array): Promise<EncodedSample>;
  /** Samples that wait until a message goes. Default: 32, what cema makes a step of. */
  readonly samplesPerUpload?: number;
  /** Default: nothing is lost, late or too much. */
  readonly link?: LinkOptions;
}

/** What happened at one image. */
export interface StreamMoment {
  readonly index: number;
  /** The prediction, one for each class. */
  readonly logits: Float32Array;
  /** Whether the sample was selected, and why or why not. */
  readonly kept: boolean;
  readonly reason: string;
  /** Bytes of the messages behind it: of the upload, when a batch was full, and of the version that came of it. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Steps that the upload led to. */
  readonly reports: readonly StepReport[];
  /** What the next image is predicted with. */
  readonly running: VersionState;
}

const SAMPLES_PER_UPLOAD = 32;

/** A version on its way. */
interface UnderWay {
  readonly response: Uint8Array;
  /** The image from which on it is there. */
  readonly due: number;
}

/**
 * A device and its cloud in one loop, without sockets, threads and disk: prediction, selection, upload, step, and the
 * new version on the device before its next prediction. Policy, schedule, strategy, records and messages are those that
 * ship. Time is counted in images.
 *
 * @param inputs float32, one array an image
 * @throws RenormError TRAINER_FAILED
 */
export async function* adaptedStream(
  setup: AdaptedStreamSetup,
  inputs: Iterable<Float32Array> | AsyncIterable<Float32Array>,
): AsyncGenerator<StreamMoment> {
  const { training, cohort, link = PERFECT_LINK, samplesPerUpload = SAMPLES_PER_UPLOAD } = setup;
  const { models, edgeLogits, exported } = training;
  const device = { id: 'device-1', cohort, modelDigest: models.edgeDigest };
  const policy = policyOf(setup.selection);
  const [random, fate] = [seededRandom(1), seededRandom(2)];
  const cloud = new StreamCloud(training);
  let state = policy.initial(models.classes);
  let running: VersionState = exported;
  let waiting: Sample[] = [];
  let window = EMPTY_WINDOW;
  /** A sketch waits. */
  let isDue = false;
  let underWay: UnderWay | undefined;
  let allowance = firstAllowance(link);
  let [index, sequence] = [0, 0];
  /** Takes in the version that has come. @returns its bytes */
  const arrived = (): number => {
    if (underWay === undefined || index < underWay.due || !isOnline(link, index)) return 0;
    const { response } = underWay;
    underWay = undefined;
    running = applyVersion(running, parseWatchResponse(fromBinary(WatchResponseSchema, response)));
    return response.length;
  };
  try {
    for await (const data of inputs) {
      let [bytesUp, bytesDown] = [0, arrived()];
      let reports: readonly StepReport[] = [];
      const logits = await edgeLogits(running.parameters, { data, count: 1 });
      const { probabilities, entropy, label } = softmax(logits);
      const observation = { logits, probabilities, entropy, version: running.number, random: random() };
      const { upload, reason, ...decision } = policy.decide(state, observation);
      state = decision.state;
      if (upload !== undefined && setup.upload !== 'none') {
        const encoded = (await setup.encode?.(data)) ?? encodeSample({ data, shape: models.sampleShape });
        const selection = { policy: policy.name, reason, ...upload };
        const head = { sequence: BigInt(++sequence), version: BigInt(running.number), entropy };
        waiting = [...waiting, create(SampleSchema, { ...encoded, ...head, selection })].slice(
          -QUEUE_DEFAULTS.maxPending,
        );
      }
      if (setup.sketches !== undefined) {
        const seen = { input: data, label, entropy, version: running.number };
        const gathered = gather(window, seen, reason === 'burst', setup.sketches);
        window = gathered.window;
        if (gathered.full !== undefined) {
          const images = Float32Array.from(gathered.full.flatMap(({ input }) => [...input]));
          const measured = await setup.sketches.session.run(images, gathered.full.length, running.parameters);
          const { encoded, ...head } = sketchOf(gathered.full, measured, models.classes);
          const named = { sequence: BigInt(++sequence), version: BigInt(head.version), entropy: head.entropy };
          waiting = [...waiting, create(SampleSchema, { ...encoded, ...named })];
          isDue = true;
        }
      }
      allowance = grown(allowance, link);
      if ((waiting.length >= samplesPerUpload || isDue) && underWay === undefined && isOnline(link, index)) {
        const request = create(UploadRequestSchema, { device, session: new Uint8Array(16), samples: waiting });
        const message = toBinary(UploadRequestSchema, request);
        const outcome = carried(link, allowance, message.length, fate());
        if (outcome !== 'waits') {
          bytesUp = message.length;
          allowance -= message.length;
        }
        if (outcome === 'arrives') {
          waiting = [];
          isDue = false;
          await cloud.upload(message);
          reports = await cloud.train();
          const response = await cloud.watch(running, cohort);
          underWay = response && { response, due: index + link.delay };
          bytesDown += arrived();
        }
      }
      yield {
        ...{ index, logits, kept: upload !== undefined && setup.upload !== 'none', reason },
        ...{ bytesUp, bytesDown, reports, running },
      };
      index += 1;
    }
  } finally {
    await cloud.close();
  }
}
