import { RenormError } from '@renorm/protocol';
import type { FromWorker, Question, ToWorker } from './worker-messages.js';

/** Starts the program of the workers, `worker-entry.js`. */
export type StartWorker = () => Worker;

interface Waiter {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** A worker, which answers one question after the other. */
export class WorkerThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiter>();
  #next = 0;
  #death: Error | undefined;

  /** @param onDeath called when it has ended without having been asked to */
  constructor(start: StartWorker, onDeath: (cause: Error) => void) {
    this.#worker = start();
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    const died = (why: string): void => {
      if (this.#death !== undefined) return;
      const cause = new Error(why);
      this.#die(cause);
      onDeath(cause);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      died(event.message || 'its program cannot be loaded; see the option worker of openDevice');
    };
    this.#worker.onmessageerror = () => died('a message to it could not be read');
  }

  get alive(): boolean {
    return this.#death === undefined;
  }

  /** Asks, behind what was asked before. @throws RenormError as the worker did, else a plain Error */
  ask<Answer>(question: Question, transfer: Transferable[] = []): Promise<Answer> {
    if (this.#death !== undefined) return Promise.reject(this.#death);
    const id = this.#next++;
    this.#worker.postMessage({ id, question } satisfies ToWorker, transfer);
    return new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiter['resolve'], reject });
    });
  }

  /** What waits for an answer rejects with this error. */
  end(error: RenormError): void {
    if (this.#death !== undefined) return;
    this.#die(error);
  }

  #receive(message: FromWorker): void {
    const waiter = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ('answer' in message) waiter?.resolve(message.answer as never);
    else waiter?.reject(errorOf(message));
  }

  #die(cause: Error): void {
    this.#death = cause;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(cause);
    this.#waiting.clear();
  }
}

const errorOf = ({ reason, code }: Extract<FromWorker, { readonly reason: string }>): Error =>
  code === undefined ? new Error(reason) : new RenormError(code, reason);
