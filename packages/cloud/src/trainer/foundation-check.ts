import { equalBytes, RenormError, reasonOf } from '@renorm/protocol';
import { spread } from '../models/batch.js';
import { type FoundationVerdict, foundationVerdict } from '../models/foundation-verdict.js';
import type { ModelPair } from '../models/model-facts.js';
import type { TrainingSamples } from '../models/training-samples.js';
import { predictions } from '../publication/evidence.js';
import { Teacher } from '../strategy/renorm/teacher.js';

/** Samples that a verdict needs at least, and takes at most. */
const FEWEST = 24;
const MOST = 64;

/**
 * Compares the foundation model with the edge model on the first samples of each cohort, both with the statistics of
 * these samples, as they come to be used: a foundation model of another normalization, or another class order, teaches
 * what is wrong, and nothing else shows it.
 */
export class FoundationCheck {
  readonly #models: ModelPair;
  readonly #threads: number;
  readonly #seen = new Set<string>();

  constructor(models: ModelPair, threads: number) {
    this.#models = models;
    this.#threads = threads;
  }

  /**
   * @param onProblem told why they could not be compared
   * @returns undefined: the cohort has been looked at, has too few samples yet, or could not be
   */
  async look(
    cohort: string,
    samples: TrainingSamples,
    onProblem: (error: RenormError) => void,
  ): Promise<FoundationVerdict | undefined> {
    if (samples.count < FEWEST || this.#seen.has(cohort)) return undefined;
    this.#seen.add(cohort);
    try {
      return await this.#compare(samples);
    } catch (cause) {
      // The step is good without it.
      const text = `the foundation model could not be compared with the edge model (${reasonOf(cause)}).`;
      onProblem(new RenormError('TRAINER_FAILED', text, { cause }));
      return undefined;
    }
  }

  async #compare(samples: TrainingSamples): Promise<FoundationVerdict> {
    const batch = spread(samples, MOST);
    const { edge, foundation, sampleShape, foundationShape, view, classes } = this.#models;
    const { edgeDigest, foundationDigest } = this.#models;
    const alike = new Float64Array(batch.count).fill(1);
    const options = { threads: this.#threads };
    const predicted = async (teacher: Teacher) => {
      try {
        return predictions(await teacher.logits(batch, alike), classes);
      } finally {
        await teacher.release();
      }
    };
    return foundationVerdict(
      await predicted(await Teacher.open(edge, sampleShape, options)),
      await predicted(await Teacher.open(foundation, foundationShape, options, view)),
      { foreign: view?.foreign(batch) ?? 0, isSame: equalBytes(edgeDigest, foundationDigest) },
    );
  }
}
