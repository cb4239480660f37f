import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { type ErrorCode, RenormError } from '@renorm/protocol';
import { Piscina } from 'piscina';
import { methodOf } from '../methods/method-table.js';
import { streamsOf } from '../streams/scenarios.js';
import type { Stream } from '../streams/stream.js';
import { type CellResult, cellKey } from './cell.js';
import { PlannedImages } from './image-streams.js';
import { openModels } from './open-models.js';
import type { EvalPlan, ModelFacts } from './plan.js';
import { referenceLabels } from './reference.js';
import type { ResultsFile } from './results-file.js';
import type { CellMessage, CellOutcome, CellTask } from './worker-messages.js';

const WORKER = fileURLToPath(new URL('./worker-entry.js', import.meta.url));

/** What goes on. */
export interface EvalProgress {
  /** Cells: a method on a stream. */
  readonly cells: number;
  readonly finished: number;
  /** Of those, the ones that an earlier run had finished. */
  readonly kept: number;
  /** Images predicted in this run, and those that are to be. */
  readonly images: number;
  readonly imagesInAll: number;
}

/** How an evaluation is run and watched. */
export interface EvalRunOptions {
  /** Keeps finished cells. */
  readonly results?: ResultsFile;
  /** Workers, one thread each. Default: one for each processor. */
  readonly workers?: number;
  readonly signal?: AbortSignal;
  onProgress?(progress: EvalProgress): void;
}

/** A finished evaluation. */
export interface EvalRecord {
  readonly plan: EvalPlan;
  readonly facts: ModelFacts;
  readonly layout: string;
  readonly notes: readonly string[];
  /** Whether labels are the data's own; else they are what the reference model says. */
  readonly isLabelled: boolean;
  readonly cells: readonly CellResult[];
  /** Methods that are not for these models, and why. */
  readonly refused: ReadonlyMap<string, string>;
}

/**
 * Runs every method of a plan on every stream, in workers. The same plan gives the same numbers, however busy the
 * machine.
 *
 * @throws RenormError REQUEST_INVALID, IMAGE_UNREADABLE, MODEL_UNREADABLE, MODEL_MISMATCH; OnnxError; the reason of
 *   `signal`
 */
export async function runEval(plan: EvalPlan, options: EvalRunOptions = {}): Promise<EvalRecord> {
  const { models, facts } = await openModels(plan);
  checkMethods(plan);
  const images = await PlannedImages.open(plan, facts);
  const { isLabelled, layout, notes } = images.data;
  const pools = await Promise.all(images.environments.map((environment) => images.pool(environment)));
  const setup = { pools, count: plan.images, seed: plan.seed };
  const streams = plan.streams.flatMap((kind) => streamsOf(kind, setup));
  const empty = streams.find(({ items }) => items.length === 0);
  if (empty !== undefined)
    throw new RenormError('REQUEST_INVALID', `--data ${plan.data}: there is no image for ${empty.name}; give more.`);
  const wanted = isLabelled ? [] : [...new Set(streams.flatMap(({ items }) => items.map(({ image }) => image)))];
  const reference = await referenceLabels(plan, models, images, wanted);
  const run = new Run(plan, facts, options);
  const cells = await run.all(streams, reference);
  return { plan, facts, layout, notes, isLabelled, cells, refused: run.refused };
}

function checkMethods({ methods, foundationModel, link }: EvalPlan): void {
  for (const name of methods) {
    const { needs } = methodOf(name);
    if (needs.foundation && foundationModel === undefined)
      throw new RenormError(
        'REQUEST_INVALID',
        `--methods ${name} needs a foundation model; name one (--foundation-model), or leave it out.`,
      );
  }
  if (!(link.loss >= 0 && link.loss < 1))
    throw new RenormError('REQUEST_INVALID', `--loss ${link.loss}: give a share from 0 to below 1.`);
}

/** The cells of one run. */
class Run {
  readonly refused = new Map<string, string>();
  readonly #plan: EvalPlan;
  readonly #facts: ModelFacts;
  readonly #options: EvalRunOptions;
  readonly #cells = new Map<string, CellResult>();
  #progress: EvalProgress = { cells: 0, finished: 0, kept: 0, images: 0, imagesInAll: 0 };

  constructor(plan: EvalPlan, facts: ModelFacts, options: EvalRunOptions) {
    this.#plan = plan;
    this.#facts = facts;
    this.#options = options;
  }

  async all(streams: readonly Stream[], reference: ReadonlyMap<number, number>): Promise<CellResult[]> {
    const { results, signal } = this.#options;
    signal?.throwIfAborted();
    const planned = streams.flatMap((stream) =>
      this.#plan.methods.map((name) => ({ stream, name, key: cellKey(this.#plan, this.#facts, stream, name) })),
    );
    const todo = planned.filter(({ key }) => {
      const kept = results?.get(key);
      if (kept !== undefined) this.#cells.set(key, kept);
      return kept === undefined;
    });
    const kept = planned.length - todo.length;
    this.#tell({
      cells: planned.length,
      kept,
      finished: kept,
      images: 0,
      imagesInAll: todo.reduce((sum, { stream }) => sum + stream.items.length, 0),
    });
    const threads = Math.max(1, Math.min(this.#options.workers ?? availableParallelism(), todo.length));
    const pool = new Piscina({ filename: WORKER, minThreads: 0, maxThreads: threads, execArgv: [] });
    const abort = (): void => void pool.destroy();
    signal?.addEventListener('abort', abort);
    try {
      await Promise.all(
        streams.flatMap((stream) => {
          const own = todo.filter((cell) => cell.stream === stream);
          return shares(own, Math.ceil(threads / streams.length)).map((methods) =>
            this.#task(pool, stream, methods, reference),
          );
        }),
      );
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
      await pool.destroy();
      await results?.close();
    }
    return planned.flatMap(({ key }) => this.#cells.get(key) ?? []);
  }

  async #task(
    pool: Piscina,
    stream: Stream,
    methods: CellTask['methods'],
    reference: ReadonlyMap<number, number>,
  ): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    const ended = new Promise<void>((resolve) => {
      port1.on('message', (message: CellMessage) => (message.kind === 'end' ? resolve() : this.#hear(message)));
    });
    // The tables of a plan cross as they are; the worker needs nothing else of this thread.
    const task: CellTask = {
      plan: this.#plan,
      facts: this.#facts,
      stream,
      methods: methods.map(({ name, key }) => ({ name, key })),
      reference,
      port: port2,
    };
    try {
      const outcome = (await pool.run(task, { name: 'runTask', transferList: [port2] })) as CellOutcome;
      if ('failed' in outcome) throw new RenormError(outcome.failed.code as ErrorCode, outcome.failed.text);
      // What it has told may still be on its way.
      await ended;
    } finally {
      port1.close();
    }
  }

  #hear(message: Exclude<CellMessage, { kind: 'end' }>): void {
    const { finished, images } = this.#progress;
    if (message.kind === 'images') {
      this.#tell({ images: images + message.images });
      return;
    }
    if (message.kind === 'refused') this.refused.set(message.method, message.reason);
    else {
      this.#cells.set(message.cell.key, message.cell);
      this.#options.results?.add(message.cell);
    }
    this.#tell({ finished: finished + 1 });
  }

  #tell(change: Partial<EvalProgress>): void {
    this.#progress = { ...this.#progress, ...change };
    this.#options.onProgress?.(this.#progress);
  }
}

/** A list in so many parts of about the same length. */
function shares<T>(list: readonly T[], parts: number): T[][] {
  const count = Math.min(parts, list.length);
  return Array.from({ length: count }, (_, i) => list.filter((_, j) => j % count === i));
}
