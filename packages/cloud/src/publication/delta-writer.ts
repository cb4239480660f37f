import {
  encodeDelta,
  type ParameterSet,
  type ParameterVersion,
  type Version,
  type VersionState,
} from '@renorm/protocol';
import { type Batch, spread } from '../models/batch.js';
import type { PublishingOptions } from '../trainer/messages.js';
import { publishingOptions } from '../trainer/publishing-options.js';
import { symmetricDivergence } from './divergence.js';
import { Sensitivities } from './sensitivity.js';

/** Logits of the edge model under some parameters, [samples, classes]. */
export type EdgeLogits = (parameters: ParameterSet, samples: Batch) => Promise<Float32Array>;

/** The edge model as a delta writer sees it. */
export interface MeasuredModel {
  /** Version 0. */
  readonly exported: VersionState;
  readonly edgeLogits: EdgeLogits;
  readonly classes: number;
}

/** A writer for one cohort. @param publishing as in `CloudOptions` */
export function deltaWriter(
  { exported, edgeLogits, classes }: MeasuredModel,
  publishing: Partial<PublishingOptions> = {},
): DeltaWriter {
  const { divergence } = publishingOptions(publishing);
  return new DeltaWriter(exported, edgeLogits, { divergence, classes });
}

export interface DeltaWriterOptions {
  /**
   * Symmetric divergence in nats by which the predictions of what devices decode may differ from those of what was
   * trained.
   */
  readonly divergence: number;
  readonly classes: number;
}

/** A delta, and what it does. */
export interface WrittenDelta {
  readonly version: Version;
  readonly decoded: ParameterVersion;
  /** Measured, in nats; undefined where there were no samples to measure with. */
  readonly divergence: number | undefined;
}

/** Predictions are compared on so many samples. */
const SAMPLES = 32;

/** One tensor is measured anew for so many samples trained on: about a twentieth of the time of training. */
const TRAINED_PER_PROBE = 64;

/** Attempts at one version. Each failed one shortens the steps by half or more; the last is taken as it is. */
const ATTEMPTS = 6;

/**
 * Divergence over the sum of sensitivity * step^2, as found over many versions: most values are rounded to 0, and those
 * err by more.
 */
const TYPICAL_ERROR = 0.6;

/**
 * Writes a cohort's deltas as short as a bound on the change of the edge model's predictions allows: steps of all
 * tensors in proportion to how little each matters, and as long as replayed samples show no more than the bound.
 */
export class DeltaWriter {
  readonly #logits: EdgeLogits;
  readonly #options: DeltaWriterOptions;
  readonly #sensitivities: Sensitivities;
  /** A tensor's step is this over the root of its sensitivity. */
  #coarseness: number;

  /** @param exported version 0 of the edge model */
  constructor(exported: VersionState, logits: EdgeLogits, options: DeltaWriterOptions) {
    this.#logits = logits;
    this.#options = options;
    this.#sensitivities = new Sensitivities(exported.parameters);
    this.#coarseness = Math.sqrt(options.divergence / (TYPICAL_ERROR * exported.offsets.length));
  }

  /**
   * @param replayed samples like those that were trained on; none: the steps are as for the version before
   * @param trained samples trained on since the version before
   * @param publishedAtMs what the version says of itself, in milliseconds since the Unix epoch
   * @throws RenormError as `encodeDelta`
   */
  async write(
    parent: VersionState,
    target: ParameterSet,
    replayed: Batch,
    trained: number,
    publishedAtMs = Date.now(),
  ): Promise<WrittenDelta> {
    const encode = (coarseness: number) => this.#encode(parent, target, coarseness, publishedAtMs);
    const divergenceOf = await this.#comparison(target, spread(replayed, SAMPLES));
    if (divergenceOf === undefined) return { ...encode(this.#coarseness), divergence: undefined };
    for (let i = 0; i < Math.floor(trained / TRAINED_PER_PROBE); i++)
      await this.#sensitivities.probe(target, divergenceOf);
    const { divergence: bound } = this.#options;
    let coarseness = this.#coarseness;
    for (let attempt = 1; ; attempt++) {
      const { version, decoded } = encode(coarseness);
      const divergence = await divergenceOf(decoded.parameters);
      // Divergence grows with the square of the steps.
      const room = Math.sqrt(bound / Math.min(Math.max(divergence, bound / 4), bound * 64));
      if (divergence <= bound) {
        // A little at a time, and aiming below the bound: an attempt that fails costs more than a few bits.
        this.#coarseness = coarseness * Math.min(1.2, Math.max(0.8, room * 0.8));
        return { version, decoded, divergence };
      }
      if (attempt === ATTEMPTS) return { version, decoded, divergence };
      coarseness *= Math.min(0.5, room * 0.9);
    }
  }

  /** What compares predictions with those of the target; undefined without samples. */
  async #comparison(
    target: ParameterSet,
    samples: Batch,
  ): Promise<((parameters: ParameterSet) => Promise<number>) | undefined> {
    if (samples.count === 0) return undefined;
    const goal = await this.#logits(target, samples);
    return async (parameters) => {
      const divergence = symmetricDivergence(goal, await this.#logits(parameters, samples), this.#options.classes);
      return Number.isFinite(divergence) ? divergence : Number.POSITIVE_INFINITY;
    };
  }

  #encode(parent: VersionState, target: ParameterSet, coarseness: number, publishedAtMs: number) {
    const steps = this.#sensitivities.values().map((sensitivity) => coarseness / Math.sqrt(sensitivity));
    return encodeDelta(parent, target, { publishedAtMs, steps });
  }
}
