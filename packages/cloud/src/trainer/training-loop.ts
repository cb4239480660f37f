import { decodeSample, exportedVersion, toBinary, VersionSchema, type VersionState } from '@renorm/protocol';
import type { Adaptation, Step } from '../adaptation/adaptation.js';
import { type Batch, batchOf, joinBatches } from '../adaptation/batch.js';
import type { CohortState } from '../adaptation/cohort-state.js';
import { drawIdle, drawReplay, replayWindow } from '../adaptation/replay.js';
import { type DeltaWriter, deltaWriter } from '../publication/delta-writer.js';
import type { Cohorts, Publication } from '../store/cohorts.js';
import { decodeState, encodeState } from '../store/state-codec.js';
import type { PublishedVersion, PublishingOptions, StepReport } from './messages.js';

interface Checkpoint {
  readonly trained: number;
  readonly state: CohortState;
}

interface Work {
  readonly cohort: string;
  readonly checkpoint: Checkpoint;
  readonly backlog: number;
}

/** What the loop remembers of a cohort between steps and may forget. */
interface Pace {
  idleSteps: number;
  publishedAt: number;
  stepsSincePublication: number;
  /** Samples trained on since the last publication. */
  trained: number;
  readonly writer: DeltaWriter;
}

interface Published {
  readonly publication: Publication;
  readonly divergence: number | undefined;
}

/**
 * Trains one step at a time, for whichever cohort has work: first those with enough new samples, then idle replay. Every step is
 * committed together with the version that it publishes before the next one starts.
 */
export class TrainingLoop {
  readonly #adaptation: Adaptation;
  readonly #cohorts: Cohorts;
  readonly #publishing: PublishingOptions;
  readonly #paces = new Map<string, Pace>();
  readonly #checkpoints = new Map<string, Checkpoint & { readonly revision: number }>();
  readonly #exported: VersionState;
  #turn = 0;

  constructor(adaptation: Adaptation, cohorts: Cohorts, publishing: PublishingOptions) {
    this.#adaptation = adaptation;
    this.#cohorts = cohorts;
    this.#publishing = publishing;
    this.#exported = exportedVersion(adaptation.initialState().edge.parameters);
  }

  /**
   * @returns what was done, or undefined if there was nothing to do
   * @throws RenormError TRAINER_FAILED: the step was dropped, and its new samples count as trained
   */
  async next(): Promise<StepReport | undefined> {
    const started = performance.now();
    const cohorts = await this.#cohorts.names();
    // Taking turns: a busy cohort must not starve the others.
    this.#turn += 1;
    const work: Work[] = [];
    for (const i of cohorts.keys()) work.push(await this.#work(cohorts[(i + this.#turn) % cohorts.length] as string));
    const { samplesPerStep } = this.#adaptation.options;
    const ready = work.find(({ backlog }) => backlog >= samplesPerStep);
    if (ready !== undefined) return this.#train(ready, started);
    for (const each of work) {
      const report = await this.#replay(each, started);
      if (report !== undefined) return report;
    }
    return undefined;
  }

  async #work(cohort: string): Promise<Work> {
    const checkpoint = this.#checkpoints.get(cohort) ?? (await this.#stored(cohort)) ?? this.#initial(cohort);
    this.#checkpoints.set(cohort, checkpoint);
    const { received } = await this.#cohorts.standing(cohort);
    return { cohort, checkpoint, backlog: received - checkpoint.trained };
  }

  async #stored(cohort: string) {
    const stored = await this.#cohorts.checkpoint(cohort);
    return stored && { ...stored, state: decodeState(stored.state, this.#adaptation.initialState()) };
  }

  #initial(cohort: string): Checkpoint & { readonly revision: number } {
    const seed = [...cohort].reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0, 1);
    return { revision: 0, trained: 0, state: this.#adaptation.initialState(seed) };
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
    let samples: Batch;
    try {
      const [batch, replay] = [await this.#batch(cohort, fresh), await this.#batch(cohort, drawn.positions)];
      samples = joinBatches(batch, replay);
      step = await this.#adaptation.step(before, batch, replay);
    } catch (error) {
      // The samples are passed over: with the same ones the step would fail for ever.
      await this.#commit(cohort, { trained: after, state: before });
      throw error;
    }
    pace.trained += samples.count;
    const version = await this.#commit(cohort, { trained: after, state: step.state }, publish ? samples : undefined);
    return this.#report(cohort, step, backlog - fresh.length, started, version);
  }

  async #replay({ cohort, checkpoint, backlog }: Work, started: number): Promise<StepReport | undefined> {
    const { options } = this.#adaptation;
    const { trained, state } = checkpoint;
    const pace = this.#pace(cohort);
    const drawn = drawIdle(replayWindow(trained, options), state.random, options);
    if (drawn.positions.length === 0 || pace.idleSteps >= options.idleReplaySteps) return undefined;
    pace.idleSteps += 1;
    const samples = await this.#batch(cohort, drawn.positions);
    const step = await this.#adaptation.idleStep({ ...state, random: drawn.random }, samples);
    pace.trained += samples.count;
    const last = pace.idleSteps >= options.idleReplaySteps;
    const publish = last || performance.now() - pace.publishedAt >= this.#publishing.idleIntervalMs;
    const version = await this.#commit(cohort, { trained, state: step.state }, publish ? samples : undefined);
    return this.#report(cohort, step, backlog, started, version);
  }

  async #batch(cohort: string, positions: readonly number[]) {
    const shape = this.#adaptation.pair.sampleShape;
    const samples = await this.#cohorts.samples(cohort, positions);
    return batchOf(samples.flatMap((sample) => (sample === undefined ? [] : [decodeSample(sample, shape)])));
  }

  #pace(cohort: string): Pace {
    const pace = this.#paces.get(cohort) ?? this.#newPace();
    this.#paces.set(cohort, pace);
    return pace;
  }

  /** @param samples trained on in this step, where its result is to be published */
  async #commit(cohort: string, checkpoint: Checkpoint, samples?: Batch): Promise<PublishedVersion | undefined> {
    const published = samples && (await this.#publication(cohort, checkpoint.state, samples));
    const { from } = replayWindow(checkpoint.trained, this.#adaptation.options);
    const before = this.#checkpoints.get(cohort);
    // Where another trainer was first, or nothing could be written, the store says from where to go on.
    this.#checkpoints.delete(cohort);
    const { trained, state } = checkpoint;
    const revision = await this.#cohorts.commit(cohort, {
      ...{ revision: before?.revision ?? 0, trained, strategy: 'cema', state: encodeState(state) },
      ...{ publication: published?.publication, keepFrom: from },
    });
    this.#checkpoints.set(cohort, { ...checkpoint, revision });
    if (published === undefined) return undefined;
    const pace = this.#pace(cohort);
    pace.publishedAt = performance.now();
    pace.stepsSincePublication = 0;
    pace.trained = 0;
    const { publication, divergence } = published;
    return { number: publication.latest.number, bytes: publication.stored.message.length, divergence };
  }

  #newPace(): Pace {
    const writer = deltaWriter(this.#adaptation, this.#publishing);
    return { idleSteps: 0, publishedAt: performance.now(), stepsSincePublication: 0, trained: 0, writer };
  }

  /** What devices decode is the truth of a version; the difference to what was trained goes into the next delta. */
  async #publication(cohort: string, { edge }: CohortState, samples: Batch): Promise<Published> {
    const parent = (await this.#cohorts.latest(cohort)) ?? this.#exported;
    const pace = this.#pace(cohort);
    const { version, decoded, divergence } = await pace.writer.write(parent, edge.parameters, samples, pace.trained);
    const { number, digest } = decoded;
    const stored = { number, digest, parentDigest: parent.digest, message: toBinary(VersionSchema, version) };
    return { publication: { latest: decoded, stored }, divergence };
  }

  #report(
    cohort: string,
    step: Step,
    backlog: number,
    started: number,
    version: PublishedVersion | undefined,
  ): StepReport {
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
