import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { RenormError, reasonOf } from '@renorm/protocol';
import type { StepReport } from './messages.js';
import type { FromTrainer, ToTrainer, TrainerSetup } from './worker-messages.js';

export interface TrainerEvents {
  step(report: StepReport): void;
  failed(error: RenormError): void;
  /** Training waits for room on the disk, and goes on by itself. */
  paused(error: RenormError): void;
  resumed(): void;
}

const RESTART_MS = 1_000;

/** The trainer in its thread. If the thread dies it is started again and goes on from the last checkpoint. */
export class Trainer {
  readonly #setup: TrainerSetup;
  readonly #events: TrainerEvents;
  #worker: Worker | undefined;
  #shares: readonly number[] | undefined;
  #closing = false;
  #question = 0;
  readonly #waiting = new Map<number, (error?: RenormError) => void>();

  private constructor(setup: TrainerSetup, events: TrainerEvents) {
    this.#setup = setup;
    this.#shares = setup.shares;
    this.#events = events;
  }

  /** Resolves when the sessions are built. */
  static async start(setup: TrainerSetup, events: TrainerEvents): Promise<Trainer> {
    const trainer = new Trainer(setup, events);
    try {
      await trainer.#spawn();
      return trainer;
    } catch (error) {
      // What could not start once is not started again behind the caller's back.
      trainer.#closing = true;
      throw error;
    }
  }

  /** Resolves when there is nothing left to do on what has come until now. @throws RenormError TRAINER_FAILED: the thread ended before */
  settled(): Promise<void> {
    const question = ++this.#question;
    return new Promise((resolve, reject) => {
      this.#waiting.set(question, (error) => (error === undefined ? resolve() : reject(error)));
      if (this.#worker === undefined) this.#giveUp();
      else this.#post({ kind: 'settle', question });
    });
  }

  /** Says which shares of the cohorts are this trainer's from now on. */
  own(shares: readonly number[]): void {
    this.#shares = shares;
    this.#post({ kind: 'own', shares });
  }

  /** Lets the step in hand end, then ends the thread. */
  async close(): Promise<void> {
    this.#closing = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    const gone = once(worker, 'exit');
    this.#post({ kind: 'close' });
    await gone;
  }

  #answer(question: number, error?: RenormError): void {
    const answer = this.#waiting.get(question);
    this.#waiting.delete(question);
    answer?.(error);
  }

  #giveUp(): void {
    const text = 'the trainer’s thread ended before it had settled; ask again once it has been started again.';
    for (const question of [...this.#waiting.keys()]) this.#answer(question, new RenormError('TRAINER_FAILED', text));
  }

  #post(message: ToTrainer): void {
    this.#worker?.postMessage(message);
  }

  #spawn(): Promise<void> {
    const workerData: TrainerSetup = { ...this.#setup, shares: this.#shares };
    const worker = new Worker(new URL('./worker-entry.js', import.meta.url), { workerData });
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromTrainer) => {
        if (message.kind === 'ready') resolve();
        else if (message.kind === 'step') this.#events.step(message.report);
        else if (message.kind === 'failed') this.#events.failed(new RenormError(message.code, message.text));
        else if (message.kind === 'paused') this.#events.paused(new RenormError(message.code, message.text));
        else if (message.kind === 'resumed') this.#events.resumed();
        else if (message.kind === 'settled') this.#answer(message.question);
      });
      worker.once('error', (error) => {
        const text = `the trainer's thread ended: ${reasonOf(error)}`;
        this.#events.failed(new RenormError('TRAINER_FAILED', text, { cause: error }));
        reject(error);
      });
      worker.once('exit', () => {
        this.#worker = undefined;
        this.#giveUp();
        if (!this.#closing) setTimeout(() => this.#restart(), RESTART_MS).unref();
      });
    });
  }

  #restart(): void {
    if (!this.#closing) this.#spawn().catch(() => undefined);
  }
}
