import { decodeSample, encodeDelta, exportedVersion, toBinary, VersionSchema } from '@renorm/protocol';
import type { Adaptation, Step } from '../adaptation/adaptation.js';
import { batchOf } from '../adaptation/batch.js';
import type { CohortState } from '../adaptation/cohort-state.js';
import { drawIdle, drawReplay, replayWindow } from '../adaptation/replay.js';
import type { Checkpoint, Publication, Substrate } from '../store/substrate.js';
import type { PublishingOptions, StepReport } from './messages.js';

interface Work {
  readonly cohort: string;
  readonly checkpoint: Checkpoint;
  readonly backlog: number;
}

/** What the loop remembers between steps and may forget: it only spaces out idle work. */
interface Pace {
  idleSteps: number;
  publishedAt: number;
  stepsSincePublication: number;
}

/**
 * Trains one step at a time, for whichever cohort has work: first those with enough new samples, then idle replay. Every step is
 * committed together with the version that it publishes before the next one starts.
 */
export class TrainingLoop {
  readonly #adaptation: Adaptation;
  readonly #substrate: Substrate;
  readonly #publishing: PublishingOptions;
  readonly #paces = new Map<string, Pace>();
  readonly #checkpoints = new Map<string, Checkpoint>();
  #turn = 0;

  constructor(adaptation: Adaptation, substrate: Substrate, publishing: PublishingOptions) {
    this.#adaptation = adaptation;
    this.#substrate = substrate;
    this.#publishing = publishing;
  }

  /**
   * @returns what was done, or undefined if there was nothing to do
   * @throws RenormError TRAINER_FAILED: the step was dropped, and its new samples count as trained
   */
  async next(): Promise<StepReport | undefined> {
    const started = performance.now();
    const cohorts = this.#substrate.cohorts();
    // Taking turns: a busy cohort must not starve the others.
    this.#turn += 1;
    const work = cohorts.map((_, i) => this.#work(cohorts[(i + this.#turn) % cohorts.length] as string));
    const { samplesPerStep } = this.#adaptation.options;
    const ready = work.find(({ backlog }) => backlog >= samplesPerStep);
    if (ready !== undefined) return this.#train(ready, started);
    for (const each of work) {
      const report = await this.#replay(each, started);
      if (report !== undefined) return report;
    }
    return undefined;
  }

  #work(cohort: string): Work {
    const checkpoint = this.#checkpoints.get(cohort) ?? this.#substrate.checkpoint(cohort) ?? this.#initial(cohort);
    this.#checkpoints.set(cohort, checkpoint);
    return { cohort, checkpoint, backlog: this.#substrate.progress(cohort).received - checkpoint.trained };
  }

  #initial(cohort: string): Checkpoint {
    const seed = [...cohort].reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0, 1);
    return { trained: 0, state: this.#adaptation.initialState(seed) };
  }

  async #train({ cohort, checkpoint, backlog }: Work, started: number): Promise<StepReport> {
    const { options } = this.#adaptation;
    const { trained, state } = checkpoint;
    const drawn = drawReplay(replayWindow(trained, options), state.random, options);
    const fresh = Array.from({ length: options.samplesPerStep }, (_, i) => trained + i);
    const before = { ...state, random: drawn.random };
    const after = trained + fresh.length;
    const pace = this.#pace(cohort);
    pace.idleSteps = 0;
    pace.stepsSincePublication += 1;
    const publish = pace.stepsSincePublication >= this.#publishing.everySteps;
    let step: Step;
    try {
      step = await this.#adaptation.step(before, this.#batch(cohort, fresh), this.#batch(cohort, drawn.positions));
    } catch (error) {
      // The samples are passed over: with the same ones the step would fail for ever.
      await this.#commit(cohort, { trained: after, state: before }, false);
      throw error;
    }
    const version = await this.#commit(cohort, { trained: after, state: step.state }, publish);
    return this.#report(cohort, step, backlog - fresh.length, started, version);
  }

  async #replay({ cohort, checkpoint, backlog }: Work, started: number): Promise<StepReport | undefined> {
    const { options } = this.#adaptation;
    const { trained, state } = checkpoint;
    const pace = this.#pace(cohort);
    const drawn = drawIdle(replayWindow(trained, options), state.random, options);
    if (drawn.positions.length === 0 || pace.idleSteps >= options.idleReplaySteps) return undefined;
    pace.idleSteps += 1;
    const step = await this.#adaptation.idleStep(
      { ...state, random: drawn.random },
      this.#batch(cohort, drawn.positions),
    );
    const last = pace.idleSteps >= options.idleReplaySteps;
    const publish = last || performance.now() - pace.publishedAt >= this.#publishing.idleIntervalMs;
    const version = await this.#commit(cohort, { trained, state: step.state }, publish);
    return this.#report(cohort, step, backlog, started, version);
  }

  #batch(cohort: string, positions: readonly number[]) {
    const shape = this.#adaptation.pair.sampleShape;
    return batchOf(this.#substrate.read(cohort, positions).map((sample) => decodeSample(sample, shape)));
  }

  #pace(cohort: string): Pace {
    const pace = this.#paces.get(cohort) ?? { idleSteps: 0, publishedAt: performance.now(), stepsSincePublication: 0 };
    this.#paces.set(cohort, pace);
    return pace;
  }

  async #commit(cohort: string, checkpoint: Checkpoint, publish: boolean): Promise<StepReport['version']> {
    const publication = publish ? this.#publication(cohort, checkpoint.state) : undefined;
    const { from } = replayWindow(checkpoint.trained, this.#adaptation.options);
    await this.#substrate.commit(cohort, checkpoint, publication, from);
    this.#checkpoints.set(cohort, checkpoint);
    if (publication === undefined) return undefined;
    const pace = this.#pace(cohort);
    pace.publishedAt = performance.now();
    pace.stepsSincePublication = 0;
    return { number: publication.latest.number, bytes: publication.stored.message.length };
  }

  /** What devices decode is the truth of a version; the difference to what was trained goes into the next delta. */
  #publication(cohort: string, state: CohortState): Publication {
    const parent = this.#substrate.latest(cohort) ?? exportedVersion(this.#adaptation.initialState().edge.parameters);
    const publishedAtMs = Date.now();
    const { version, decoded } = encodeDelta(parent, state.edge.parameters, { publishedAtMs });
    const number = parent.number + 1;
    return {
      latest: { number, digest: version.digest, parameters: decoded, publishedAtMs },
      stored: {
        number,
        digest: version.digest,
        parentDigest: parent.digest,
        message: toBinary(VersionSchema, version),
      },
    };
  }

  #report(cohort: string, step: Step, backlog: number, started: number, version: StepReport['version']): StepReport {
    return {
      cohort,
      step: step.state.steps,
      idle: step.foundationLoss === undefined,
      foundationLoss: step.foundationLoss,
      edgeLoss: step.edgeLoss,
      samples: step.samples,
      backlog,
      milliseconds: performance.now() - started,
      version,
    };
  }
}
