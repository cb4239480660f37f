import { type EncodedSample, PreprocessingSchema, RenormError, toBinary } from '@renorm/protocol';
import type { Tell } from './device-events.js';
import type { Clock, Images, Inference } from './platform.js';
import { type SelectionState, select } from './selection.js';
import type { UploadQueue } from './upload-queue.js';

/** A prediction whose sample is still to be kept or dropped. */
export interface Undecided {
  readonly input: Float32Array;
  /** The image file that the input was made of. */
  readonly file?: Uint8Array;
  readonly probabilities: Float32Array;
  readonly entropy: number;
  readonly version: number;
}

/** What the intake needs of the device around it. */
export interface IntakeSurroundings {
  readonly inference: Inference;
  readonly images?: Images;
  readonly queue: UploadQueue;
  /** Of the model's input without the batch axis. */
  readonly shape: readonly number[];
  readonly clock: Clock;
  readonly tell: Tell;
  /** A sample has been put into the queue. */
  onKept(): void;
}

/** Decides about samples after their predictions have been returned, and puts those worth learning from into the queue. */
export class Intake {
  readonly #around: IntakeSurroundings;
  #selection: SelectionState;
  #undecided: Undecided[] = [];
  #kept = 0;
  #encoding = 0;

  constructor(selection: SelectionState, around: IntakeSurroundings) {
    this.#selection = selection;
    this.#around = around;
  }

  /** Samples kept so far. */
  get kept(): number {
    return this.#kept;
  }

  /** Whether samples are on their way into the queue or still to be decided about. */
  get busy(): boolean {
    return this.#encoding > 0 || this.#undecided.length > 0;
  }

  /** Decides about a sample soon, off the latency path. */
  add(sample: Undecided): void {
    this.#undecided.push(sample);
    if (this.#undecided.length === 1) this.#around.clock.soon(() => this.decide());
  }

  /** Decides about everything that waits for it, now. */
  decide(): void {
    const undecided = this.#undecided;
    this.#undecided = [];
    for (const sample of undecided) {
      const { entropy, version } = sample;
      const { state, keep, reason } = select(this.#selection, sample.probabilities, entropy);
      this.#selection = state;
      if (keep) void this.#keep(sample);
      this.#around.tell('decision', { keep, reason, entropy, version });
    }
  }

  async #keep({ input, file, entropy, version }: Undecided): Promise<void> {
    const { queue, clock, tell, onKept } = this.#around;
    this.#kept++;
    this.#encoding++;
    try {
      queue.offer({ encoded: await this.#encode(input, file), version, entropy, at: clock.now() });
    } catch (cause) {
      queue.giveUp();
      tell(
        'error',
        new RenormError(
          'INFERENCE_FAILED',
          'a sample could not be encoded and is not uploaded; the thread for it has ended.',
          { cause },
        ),
      );
    }
    this.#encoding--;
    onKept();
  }

  /** As an image file or as a tensor, whichever is smaller. */
  async #encode(input: Float32Array, file: Uint8Array | undefined): Promise<EncodedSample> {
    const { inference, images, shape } = this.#around;
    // Before the tensor, which gives the values away.
    const image = await images?.encode(input, file);
    const tensor = await inference.encode({ data: input, shape });
    return image !== undefined && lengthOf(image) < lengthOf(tensor) ? image : tensor;
  }
}

function lengthOf({ data, preprocessing }: EncodedSample): number {
  return data.length + (preprocessing ? toBinary(PreprocessingSchema, preprocessing).length : 0);
}
