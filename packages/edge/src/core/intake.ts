import {
  checkSelection,
  type EncodedSample,
  indexOfNonFinite,
  PreprocessingSchema,
  RenormError,
  reasonOf,
  type Selection,
  toBinary,
} from '@renorm/protocol';
import type { Tell } from './device-events.js';
import type { Redact, SelectedInput } from './device-options.js';
import type { SelectedSample } from './effects.js';
import type { Clock, Images, Inference, Random } from './platform.js';
import type { SelectionPolicy } from './selection-policy.js';
import type { Sketcher } from './sketcher.js';
import { PolicyMemory } from './state/policy-memory.js';
import type { KeptSelection } from './state/recall.js';

/** A prediction whose sample is still to be kept or dropped. */
export interface Undecided {
  readonly input: Float32Array;
  readonly label: number;
  /** The image file that the input was made of. */
  readonly file?: Uint8Array;
  readonly logits: Float32Array;
  readonly probabilities: Float32Array;
  readonly entropy: number;
  readonly version: number;
}

/** What the intake needs of the device around it. */
export interface IntakeSurroundings {
  readonly inference: Inference;
  readonly images?: Images;
  /** Of the model's input without the batch axis. */
  readonly shape: readonly number[];
  readonly classes: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly tell: Tell;
  /** What the policy remembered of an earlier run. */
  readonly recalled?: KeptSelection;
  /** Keeps what the policy remembers. */
  onRemembered(kept: KeptSelection): void;
  /** False: no sample is uploaded, whatever the policy says. */
  uploads(): boolean;
  /** False: nothing of a sample is kept or leaves. */
  consents(): boolean;
  /** Says what of a sample may leave. */
  readonly redact?: Redact;
  /** Sees every prediction. */
  readonly sketcher?: Sketcher;
  /** The policy decided about a prediction. */
  onDecided(upload: boolean, reason: string): void;
  /** A sample that was selected is encoded. */
  onSample(sample: SelectedSample): void;
  /** A sample that was selected is lost. */
  onLost(error: RenormError): void;
}

/**
 * How far what is kept of a policy is behind: some hundred predictions of a camera. Writing it costs more than
 * deciding.
 */
const REMEMBER_MS = 5000;

/**
 * Decides about samples after their predictions have been returned, and puts those worth learning from into the queue.
 */
export class Intake {
  readonly #around: IntakeSurroundings;
  readonly #policy: SelectionPolicy;
  readonly #memory: PolicyMemory;
  #state: unknown;
  #keptAt: number;
  #undecided: Undecided[] = [];
  #kept = 0;
  #encoding = 0;
  #hasFailed = false;

  /** @throws RenormError REQUEST_INVALID for an option of the policy without meaning */
  constructor(policy: SelectionPolicy, around: IntakeSurroundings) {
    this.#around = around;
    this.#policy = policy;
    this.#memory = new PolicyMemory(policy, around.classes);
    this.#state = this.#memory.recall(around.recalled);
    this.#keptAt = around.clock.monotonic();
  }

  /** Samples kept so far. */
  get kept(): number {
    return this.#kept;
  }

  /** Whether samples are on their way into the queue or still to be decided about. */
  get busy(): boolean {
    return this.#encoding > 0 || this.#undecided.length > 0 || this.#around.sketcher?.busy === true;
  }

  /** Decides about a sample soon, off the latency path. */
  add(sample: Undecided): void {
    this.#undecided.push(sample);
    if (this.#undecided.length === 1) this.#around.clock.soon(() => this.decide());
  }

  /** Has what the policy remembers kept, if it can be. */
  remember(): void {
    this.#keptAt = this.#around.clock.monotonic();
    const kept = this.#memory.kept(this.#state);
    if (kept !== undefined) this.#around.onRemembered(kept);
  }

  /** Decides about everything that waits for it, now. */
  decide(): void {
    const undecided = this.#undecided;
    this.#undecided = [];
    if (this.#around.clock.monotonic() - this.#keptAt >= REMEMBER_MS) this.remember();
    for (const sample of undecided) {
      const { entropy, version, label, input } = sample;
      const { keep, reason } = this.#decide(sample);
      if (this.#around.consents()) this.#around.sketcher?.add({ input, label, entropy, version }, reason === 'burst');
      if (!this.#around.uploads() || !this.#around.consents()) {
        this.#around.tell('decision', { keep: false, reason, entropy, version });
        continue;
      }
      if (keep) void this.#keep(sample, keep);
      this.#around.onDecided(keep !== undefined, reason);
      this.#around.tell('decision', { keep: keep !== undefined, reason, entropy, version });
    }
  }

  #decide({ logits, probabilities, entropy, version }: Undecided): {
    readonly keep?: Selection & { readonly fair?: boolean };
    readonly reason: string;
  } {
    try {
      const observation = { logits, probabilities, entropy, version, random: this.#around.random.fraction() };
      const { state, upload, reason } = this.#policy.decide(this.#state, observation);
      this.#state = state;
      // What the cloud would refuse a whole batch for.
      const { fair, ...given } = upload ?? {};
      const keep = upload && {
        ...checkSelection({ policy: this.#policy.name, reason, ...given }),
        fair: fair === true,
      };
      return { reason, ...(keep && { keep }) };
    } catch (cause) {
      this.#failed(cause);
      return { reason: 'failed' };
    }
  }

  /** A policy that fails on one sample may fail on all: told once. */
  #failed(cause: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const text = `the selection policy ${this.#policy.name} failed (${reasonOf(cause)}), and the sample is not uploaded; correct the policy. This is told once.`;
    this.#around.tell('error', new RenormError('SELECTION_FAILED', text, { cause }));
  }

  async #keep(
    { input, file, label, entropy, version }: Undecided,
    { fair, ...selection }: Selection & { readonly fair?: boolean },
  ): Promise<void> {
    const { score } = selection;
    const worth = { kind: fair || score === undefined ? 'fair' : 'scored', score: score ?? 0 } as const;
    this.#kept++;
    this.#encoding++;
    try {
      // A copy: the hook may change the values and encoding gives them away, while others still look at them.
      const values = input.slice();
      const allowed = await this.#redacted({ values, shape: this.#around.shape, label });
      if (allowed !== undefined) {
        const encoded = await this.#encode(allowed, this.#around.redact ? undefined : file);
        // It may have been taken back meanwhile.
        if (this.#around.consents()) this.#around.onSample({ ...worth, encoded, version, entropy, selection });
      }
    } catch (cause) {
      if (cause instanceof RenormError) return this.#lose(cause);
      const text = 'a sample could not be encoded and is not uploaded; the thread for it has ended.';
      return this.#lose(new RenormError('INFERENCE_FAILED', text, { cause }));
    }
    this.#encoding--;
  }

  #lose(error: RenormError): void {
    this.#encoding--;
    this.#around.onLost(error);
  }

  /** What may leave of a sample. @throws RenormError REDACTION_FAILED */
  async #redacted(sample: SelectedInput): Promise<Float32Array | undefined> {
    const { redact } = this.#around;
    if (redact === undefined) return sample.values;
    const { length } = sample.values;
    let why: string;
    let cause: unknown;
    try {
      const values = await redact(sample);
      if (values === undefined) return undefined;
      if (values instanceof Float32Array && values.length === length && indexOfNonFinite(values) < 0) return values;
      why = `it gives no Float32Array of ${length} finite values`;
    } catch (error) {
      why = reasonOf(error);
      cause = error;
    }
    const text = `the option redact failed on a sample (${why}), and nothing of it leaves; correct it.`;
    throw new RenormError('REDACTION_FAILED', text, { cause });
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
