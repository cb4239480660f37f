import type { IncomingHttpHeaders } from 'node:http';
import { GrpcStatus } from '@renorm/protocol';
import { type AnswerFormat, type CallStatus, framed } from './answer-format.js';
import type { Exchange } from './exchange.js';

/** A peer that has its answer may take so long to end its request before the stream is reset. */
const LINGER_MS = 1_000;
const OK: CallStatus = { code: GrpcStatus.Ok, details: '' };

/** One call: its answers and its one status. */
export class Call {
  /** It answers until somebody ends it. */
  readonly isStream: boolean;
  readonly #exchange: Exchange;
  readonly #format: AnswerFormat;
  #responded = false;
  #status: CallStatus | undefined;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #releases: (() => void)[] = [];

  constructor(exchange: Exchange, format: AnswerFormat, isStream: boolean) {
    this.#exchange = exchange;
    this.#format = format;
    this.isStream = isStream;
    exchange.onClose(() => {
      for (const timer of this.#timers) clearTimeout(timer);
    });
  }

  /** The peer left, or has its status. */
  get ended(): boolean {
    return this.#status !== undefined || this.#exchange.closed;
  }

  /** Called when the stream has closed, at once if it has. */
  onClose(closed: () => void): void {
    this.#exchange.onClose(closed);
  }

  /** Called whenever the peer has taken what filled its window. */
  onDrain(drained: () => void): void {
    this.#exchange.onDrain(drained);
  }

  /** Called once, when nothing is held for the call any more. */
  onRelease(release: () => void): void {
    this.#releases.push(release);
  }

  /** Gives back what is held for it. */
  release(): void {
    for (const release of this.#releases.splice(0)) release();
  }

  /** @param ms from now; then `late` is called, unless the stream has closed */
  after(ms: number, late: () => void): () => void {
    const timer = setTimeout(late, ms).unref();
    this.#timers.push(timer);
    return () => clearTimeout(timer);
  }

  /** Says that answers will come, where that is not seen before the first of them. */
  open(): void {
    if (this.ended || this.#responded) return;
    this.#responded = true;
    this.#format.begin(this.#exchange, () => this.#status ?? OK);
  }

  /** @returns false: the peer's window is full, wait for `onDrain` */
  write(message: Uint8Array): boolean {
    if (this.ended) return true;
    this.open();
    return this.#exchange.write(framed(message));
  }

  /** Ends the call. Nothing after it changes that. */
  end(status: CallStatus = OK): void {
    if (this.ended) return;
    this.#status = status;
    if (this.#responded) this.#format.end(this.#exchange, status);
    else this.#format.refuse(this.#exchange, status);
    // What still comes of the request is dropped, and soon no more of it is taken. A reset at once would overtake the
    // status.
    this.#exchange.request.removeAllListeners('data').resume();
    this.after(LINGER_MS, () => this.#exchange.reset());
  }
}

const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };
/** Timers reach no further. */
const LONGEST_MS = 2 ** 31 - 1;

/** The deadline that a peer gave, in milliseconds from now; undefined: none, or one that is not to be read. */
export function deadlineOf(headers: IncomingHttpHeaders): number | undefined {
  const [, amount, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(String(headers['grpc-timeout'] ?? '')) ?? [];
  const ms = Number(amount) * (UNIT_MS[unit] ?? Number.NaN);
  return Number.isNaN(ms) ? undefined : Math.min(ms, LONGEST_MS);
}
