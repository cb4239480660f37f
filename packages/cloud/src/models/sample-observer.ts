import { type OnnxModel, readParameters } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';
import { type Batch, joinBatches, rowsOf } from './batch.js';
import { type Environment, environmentOf, joinedEnvironments, shiftSince } from './environment.js';
import { trustedRows } from './sample-weights.js';
import { features, StatisticsSession } from './statistics-session.js';

/** What may be learnt from, and the environment that it is from. */
export interface Observed {
  readonly fresh: Batch;
  readonly replay: Batch;
  readonly environment: Environment | undefined;
  /** Whether the new samples come from another environment than those before. */
  readonly changed: boolean;
}

/** The environment has changed when new samples are so far from what is known. See shiftSince. */
const SHIFT = 0.8;
/** What chance adds at most where both are known from few samples: so many times the root of 1/n + 1/m. */
const BY_CHANCE = 0.75;

/** Older samples count as so many at most in what is known of an environment. */
const KNOWN = 128;

/** Fewest samples that an environment can be told by. */
const FEWEST = 6;

/**
 * Looks at samples through the exported edge model, before a gradient is taken on them. A model without
 * BatchNormalization sees nothing amiss.
 */
export class SampleObserver {
  readonly #exported: ParameterSet;
  readonly #session: StatisticsSession | undefined;

  private constructor(exported: ParameterSet, session: StatisticsSession | undefined) {
    this.#exported = exported;
    this.#session = session;
  }

  static async open(edge: OnnxModel, shape: readonly number[], threads: number): Promise<SampleObserver> {
    return new SampleObserver(
      readParameters(edge),
      await StatisticsSession.openFor(edge, shape, { threads }, 'running'),
    );
  }

  async observe(
    { fresh, replay }: { readonly fresh: Batch; readonly replay: Batch },
    known: Environment | undefined,
  ): Promise<Observed> {
    if (this.#session === undefined) return { fresh, replay, environment: undefined, changed: false };
    const seen = features(await this.#session.run(this.#exported, joinBatches(fresh, replay)), this.#exported);
    // Apart: samples of a new environment are few among those of the one before, and far from them.
    const ofFresh = trustedRows(seen.slice(0, fresh.count));
    const ofReplay = trustedRows(seen.slice(fresh.count));
    const trusted = { fresh: rowsOf(fresh, ofFresh), replay: rowsOf(replay, ofReplay) };
    if (ofFresh.length < FEWEST) return { ...trusted, environment: known, changed: false };
    const now = environmentOf(
      ofFresh.map((row) => seen[row] as Float64Array),
      new Float64Array(ofFresh.length).fill(1),
    );
    if (known === undefined) return { ...trusted, environment: now, changed: false };
    const limit = SHIFT + BY_CHANCE * Math.sqrt(1 / now.count + 1 / known.count);
    const changed = shiftSince(now, known) > limit;
    return { ...trusted, environment: changed ? now : joinedEnvironments(known, now, KNOWN), changed };
  }

  release(): Promise<void> {
    return this.#session?.release() ?? Promise.resolve();
  }
}
