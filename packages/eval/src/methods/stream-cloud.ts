import {
  type Appended,
  CatchUp,
  type StepReport,
  sketchFormat,
  storableSamples,
  type Training,
} from '@renorm/cloud/internal';
import { ImageThreads } from '@renorm/image/node';
import {
  create,
  fromBinary,
  parseUpload,
  type Reference,
  toBinary,
  toHex,
  UploadRequestSchema,
  WatchResponseSchema,
} from '@renorm/protocol';

/**
 * The cloud of one cohort, without its sockets: messages in, messages out, and as many steps as there are to make in
 * between.
 */
export class StreamCloud {
  readonly #training: Training;
  readonly #catchUp: CatchUp;
  readonly #images = new ImageThreads();

  constructor(training: Training) {
    this.#training = training;
    this.#catchUp = new CatchUp(training.cohorts, training.exported);
  }

  /** Takes an UploadRequest in, as the gateway does. @throws RenormError REQUEST_INVALID, SAMPLE_INVALID */
  async upload(message: Uint8Array): Promise<Appended> {
    const { cohorts, models } = this.#training;
    const request = fromBinary(UploadRequestSchema, message);
    const limits = { shape: models.sampleShape, maxSamples: request.samples.length, sketches: sketchFormat(models) };
    const { device, session, samples } = parseUpload(request, limits);
    return cohorts.append({
      ...{ cohort: device.cohort, device: device.id, session: toHex(session) },
      samples: await storableSamples(samples, this.#images, models.view),
    });
  }

  /** Trains until there is nothing left to do. @throws RenormError TRAINER_FAILED */
  async train(): Promise<StepReport[]> {
    const reports: StepReport[] = [];
    for (;;) {
      const outcome = await this.#training.loop.next();
      if (outcome.kind === 'rest') return reports;
      reports.push(outcome.report);
    }
  }

  /** A WatchResponse that leads from a version to the newest; undefined where that is it. */
  async watch(running: Reference, cohort: string): Promise<Uint8Array | undefined> {
    const version = await this.#catchUp.versionFor(running, cohort);
    return version && toBinary(WatchResponseSchema, create(WatchResponseSchema, { version }));
  }

  /** Leaves the training as it is. */
  close(): Promise<void> {
    return this.#images.close();
  }
}
