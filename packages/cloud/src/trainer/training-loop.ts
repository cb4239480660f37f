import { RenormError, toBinary, VersionSchema, type VersionState } from '@renorm/protocol';
import { LRUCache } from 'lru-cache';
import type { Batch } from '../models/batch.js';
import { joinSamples } from '../models/training-samples.js';
import { type DeltaWriter, deltaWriter, type EdgeLogits } from '../publication/delta-writer.js';
import { type Gate, OPEN_GATE, type Verdict } from '../publication/gate.js';
import { isHeldOut, judgingPositions } from '../publication/held-out.js';
import type { Cohorts, Publication } from '../store/cohorts.js';
import type { Batches, LogView, Plan, Strategy, StrategyStep } from '../strategy/strategy.js';
import type { FoundationCheck } from './foundation-check.js';
import type { PublishedVersion, PublishingOptions, StepReport } from './messages.js';
import { type Pace, paceAfter, paceFrom, publishes } from './pace.js';
import { hasSketch, nothingToRead, type ReadSamples, readSamples } from './read-samples.js';
import { seedOf, stateOf } from './restart.js';
import { Schedule } from './schedule.js';

/** Time. */
export interface TrainerClock {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Milliseconds since the Unix epoch, for what a version says of itself. */
  date(): number;
}

export interface TrainingLoopParts {
  readonly strategy: Strategy<unknown>;
  readonly cohorts: Cohorts;
  /** The edge model as exported: version 0. */
  readonly exported: VersionState;
  /** What devices predict with some parameters. */
  readonly edgeLogits: EdgeLogits;
  /** Of one sample. */
  readonly sampleShape: readonly number[];
  /** Of one sample of a foundation model that takes others. */
  readonly foundationShape?: readonly number[] | undefined;
  readonly classes: number;
  readonly publishing: PublishingOptions;
  readonly clock: TrainerClock;
  /** Default: everything is published. */
  readonly gate?: Gate;
  /** Compares the foundation model with the edge model on the first samples of a cohort. */
  readonly foundationCheck?: Pick<FoundationCheck, 'look'> | undefined;
  /** Whether a cohort is this loop's: others train the rest. Default: all are. */
  readonly owns?: (cohort: string) => boolean;
  /** Told what went wrong and did not stop a step. */
  onProblem(error: RenormError): void;
}

/** What `next` did. */
export type Outcome =
  | { readonly kind: 'step'; readonly report: StepReport }
  /** Nothing to do until a cohort changes, or until this moment of the clock. */
  | { readonly kind: 'rest'; readonly until: number | undefined };

interface Loaded {
  readonly revision: number;
  readonly trained: number;
  readonly state: unknown;
}

interface Published {
  readonly publication: Publication;
  readonly version: PublishedVersion;
}

/** Of samples that are new, so many are looked at to find a sketch: with more a step is due in any case. */
const LOOKED_AT = 12;

/** Cohorts whose state is kept decoded, and whose delta writer knows what each tensor costs: the ones that had a step of late. */
const KEPT = 256;

/**
 * Trains one step at a time, for the cohort that the schedule names. Every step is committed together with the version that it publishes
 * before the next one starts. Whoever trains runs this: the cloud, the evaluation and the benchmarks.
 */
export class TrainingLoop {
  readonly #parts: TrainingLoopParts;
  readonly #gate: Gate;
  readonly #schedule = new Schedule();
  readonly #changed = new Set<string>();
  readonly #loaded = new LRUCache<string, Loaded>({ max: KEPT });
  readonly #writers = new LRUCache<string, DeltaWriter>({ max: KEPT });
  readonly #paces = new Map<string, Pace>();
  readonly #unwatch: () => void;
  #started = false;

  /** @param onChange called when there may be something to do again */
  constructor(parts: TrainingLoopParts, onChange: () => void = () => undefined) {
    this.#parts = parts;
    this.#gate = parts.gate ?? OPEN_GATE;
    this.#unwatch = parts.cohorts.watch((cohort) => {
      this.#changed.add(cohort);
      onChange();
    });
  }

  /** Stops hearing of changes. */
  close(): void {
    this.#unwatch();
  }

  /** Other cohorts are this loop's than before: all are looked at again. */
  reconsider(): void {
    this.#started = false;
  }

  /**
   * Makes the next step, if there is one.
   *
   * @throws RenormError TRAINER_FAILED: the step was dropped, and its new samples count as trained; DISK_FULL: nothing was changed, and the
   *   cohort keeps its turn
   */
  async next(): Promise<Outcome> {
    const { clock } = this.#parts;
    await this.#hear();
    for (;;) {
      const turn = this.#schedule.next(clock.now());
      if (turn.kind === 'sleep') return { kind: 'rest', until: turn.until };
      const report = await this.#turn(turn.cohort);
      if (report !== undefined) return { kind: 'step', report };
    }
  }

  /** Offers the cohorts that have changed since the last time; at first all that are there. */
  async #hear(): Promise<void> {
    if (!this.#started) for (const cohort of await this.#parts.cohorts.names()) this.#changed.add(cohort);
    this.#started = true;
    for (const cohort of this.#changed) {
      this.#changed.delete(cohort);
      await this.#offer(cohort);
    }
  }

  async #offer(cohort: string): Promise<void> {
    const { strategy, cohorts } = this.#parts;
    if (!this.#owns(cohort)) {
      this.#loaded.delete(cohort);
      return this.#schedule.offer(cohort, 'none');
    }
    const { received, trained } = await cohorts.standing(cohort);
    this.#schedule.offer(cohort, strategy.work(await this.#view(cohort, received, trained)));
  }

  #owns(cohort: string): boolean {
    return this.#parts.owns?.(cohort) ?? true;
  }

  /** A cohort's log, and whether there is a sketch in it to learn from: the first few that are new are looked at. */
  async #view(cohort: string, received: number, trained: number): Promise<LogView> {
    const { strategy, cohorts } = this.#parts;
    if (strategy.sketches === undefined || received <= trained) return { received, trained };
    const count = Math.min(received - trained, LOOKED_AT);
    const sketched = await hasSketch(cohorts, cohort, trained, trained + count);
    return { received, trained, sketched };
  }

  /** @returns undefined where there was nothing to do after all */
  async #turn(cohort: string): Promise<StepReport | undefined> {
    const { strategy, cohorts, clock } = this.#parts;
    if (!this.#owns(cohort)) return undefined;
    const started = clock.now();
    try {
      const loaded = this.#loaded.get(cohort) ?? (await this.#load(cohort));
      const { received } = await cohorts.standing(cohort);
      const plan = strategy.plan(loaded.state, await this.#view(cohort, received, loaded.trained));
      if (plan === undefined) return undefined;
      const report = await this.#step(cohort, loaded, plan, started);
      await this.#offer(cohort);
      return report;
    } catch (error) {
      this.#loaded.delete(cohort);
      await this.#offer(cohort);
      // Another trainer was first: what it has written is read, and training goes on from there.
      if (!(error instanceof RenormError) || error.code !== 'CONFLICT') throw error;
      this.#parts.onProblem(error);
      return undefined;
    }
  }

  async #load(cohort: string): Promise<Loaded> {
    const { strategy, cohorts } = this.#parts;
    const checkpoint = await cohorts.checkpoint(cohort);
    if (checkpoint === undefined) return { revision: 0, trained: 0, state: strategy.initial(seedOf(cohort)) };
    const { revision, trained } = checkpoint;
    const { parameters } = (await cohorts.latest(cohort)) ?? this.#parts.exported;
    return { revision, trained, state: stateOf(strategy, checkpoint, seedOf(cohort), parameters) };
  }

  async #step(cohort: string, loaded: Loaded, plan: Plan<unknown>, started: number): Promise<StepReport> {
    const { strategy, clock, publishing, cohorts, foundationCheck, onProblem } = this.#parts;
    let step: StrategyStep<unknown>;
    let batches: Batches;
    try {
      const fresh = await this.#read(cohort, this.#learnt(plan.fresh));
      const replay = await this.#read(cohort, this.#learnt(plan.replay));
      const sketches = (fresh.sketches?.length ?? 0) + (replay.sketches?.length ?? 0);
      if (fresh.count + replay.count + sketches === 0) throw nothingToRead(cohort, plan);
      batches = { fresh, replay };
      step = await strategy.step(plan, batches);
    } catch (error) {
      // The samples are passed over: with the same ones the step would fail for ever.
      await this.#commit(cohort, loaded, plan.trained, plan.state);
      throw error;
    }
    const samples = joinSamples(batches.fresh, batches.replay);
    const foundation = await foundationCheck?.look(cohort, samples, onProblem);
    const pace = this.#paces.get(cohort) ?? paceFrom(clock.now());
    const after = paceAfter(pace, plan, step.samples);
    const verdict = publishes(plan, pace, clock.now(), publishing)
      ? await this.#judge(cohort, step, plan.trained)
      : undefined;
    const goesOut = verdict?.decision === 'go back' ? verdict.parameters : step.parameters;
    const state = await this.#stateAfter(cohort, step, verdict);
    const published =
      verdict === undefined || verdict.decision === 'keep'
        ? undefined
        : await this.#publication(cohort, goesOut, samples, after.samples);
    await this.#commit(cohort, loaded, plan.trained, state, published?.publication);
    this.#paces.set(cohort, verdict === undefined ? after : paceFrom(clock.now()));
    return {
      ...{ cohort, step: step.steps, idle: plan.kind === 'idle', samples: step.samples },
      ...{ foundationLoss: step.foundationLoss, edgeLoss: step.edgeLoss },
      backlog: (await cohorts.standing(cohort)).received - plan.trained,
      milliseconds: clock.now() - started,
      verdict: verdict && { decision: verdict.decision, reason: verdict.reason },
      version: published?.version,
      ...(foundation && { foundation }),
    };
  }

  async #read(cohort: string, positions: readonly number[]): Promise<ReadSamples> {
    const { cohorts, sampleShape, foundationShape, strategy } = this.#parts;
    const samples = await readSamples(cohorts, cohort, positions, sampleShape, strategy.sketches, foundationShape);
    for (const error of samples.unreadable) this.#parts.onProblem(error);
    return samples;
  }

  /** Of these positions the ones that a strategy may learn from: the rest judges what it has learnt. */
  #learnt(positions: readonly number[]): readonly number[] {
    if (this.#gate.heldOut === 0) return positions;
    const learnt = positions.filter((position) => !isHeldOut(position));
    // A strategy that takes a sample or two at a time may find all of them held out.
    return learnt.length === 0 ? positions : learnt;
  }

  async #judge(cohort: string, { parameters, since = 0 }: StrategyStep<unknown>, trained: number): Promise<Verdict> {
    const { cohorts, exported } = this.#parts;
    const inForce = ((await cohorts.latest(cohort)) ?? exported).parameters;
    const heldOut = await this.#read(cohort, judgingPositions(since, trained, this.#gate.heldOut));
    const latest = Array.from({ length: Math.min(trained, this.#gate.heldOut) }, (_, i) => trained - 1 - i).reverse();
    const recent = await this.#read(cohort, latest);
    return this.#gate.judge({ cohort, parameters, inForce, exported: exported.parameters, heldOut, recent, trained });
  }

  /** What the next step begins from. */
  async #stateAfter(cohort: string, { state }: StrategyStep<unknown>, verdict: Verdict | undefined): Promise<unknown> {
    const { strategy, cohorts, exported } = this.#parts;
    if (verdict?.decision === 'go back') return strategy.restart(state, verdict.parameters);
    if (verdict === undefined || strategy.judged === undefined) return state;
    const refused = verdict.decision === 'keep';
    return strategy.judged(state, refused ? ((await cohorts.latest(cohort)) ?? exported).parameters : undefined);
  }

  /** What devices decode is the truth of a version; the difference to what was trained goes into the next delta. */
  async #publication(
    cohort: string,
    parameters: StrategyStep<unknown>['parameters'],
    samples: Batch,
    trained: number,
  ): Promise<Published> {
    const { cohorts, exported, edgeLogits, classes, publishing } = this.#parts;
    const parent = (await cohorts.latest(cohort)) ?? exported;
    const writer = this.#writers.get(cohort) ?? deltaWriter({ exported, edgeLogits, classes }, publishing);
    this.#writers.set(cohort, writer);
    const written = await writer.write(parent, parameters, samples, trained, this.#parts.clock.date());
    const { decoded, divergence } = written;
    const { number, digest } = decoded;
    const message = toBinary(VersionSchema, written.version);
    const stored = { number, digest, parentDigest: parent.digest, message };
    return { publication: { latest: decoded, stored }, version: { number, bytes: message.length, divergence } };
  }

  async #commit(
    cohort: string,
    { revision }: Loaded,
    trained: number,
    state: unknown,
    publication?: Publication,
  ): Promise<void> {
    const { strategy, cohorts } = this.#parts;
    const after = await cohorts.commit(cohort, {
      ...{ revision, trained, publication },
      ...{ strategy: strategy.name, state: strategy.encode(state), keepFrom: strategy.keepFrom(trained) },
    });
    this.#loaded.set(cohort, { revision: after, trained, state });
  }
}
