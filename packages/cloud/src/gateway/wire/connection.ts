import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { RenormError } from '@renorm/protocol';
import type { Call } from './call.js';
import type { WireLimits } from './wire-limits.js';

/**
 * Between two pings on a connection; a device that lost its power keeps its connection no longer than this and the time
 * to answer.
 */
const PING_MS = 30_000;
const PONG_MS = 10_000;
/** A connection that is to close may finish its calls so long. */
const DRAIN_MS = 5_000;
/** So many refused calls before the first that is let in, and the connection ends. */
const REFUSALS_OF_STRANGERS = 100;
/** Who is turned away may take so long to hear why. */
const TURN_AWAY_MS = 2_000;

/** One connection of a peer, from its first byte on. */
export class Connection {
  readonly address: string;
  /** Set for one too many: every call is answered with it, and the connection ends soon. */
  readonly turnedAway: RenormError | undefined;
  readonly calls = new Set<Call>();
  /** Calls that are received or answered, streams of versions not counted. */
  unary = 0;
  readonly #socket: Socket;
  readonly #limits: WireLimits;
  readonly #openedAt = performance.now();
  /** Drawn, so that connections that came together do not end together. */
  readonly #maxAgeMs: number;
  #session: ServerHttp2Session | undefined;
  #known = false;
  #refusals = 0;
  #lastUseAt = performance.now();
  #pingedAt = performance.now();
  #unanswered = false;
  #drainingSince: number | undefined;

  constructor(socket: Socket, limits: WireLimits, turnedAway?: RenormError) {
    this.#socket = socket;
    // Of HTTP/1.1, which has no pings of its own.
    socket.setKeepAlive(true, PING_MS);
    this.#limits = limits;
    this.address = socket.remoteAddress ?? 'unknown';
    this.turnedAway = turnedAway;
    this.#maxAgeMs = limits.maxConnectionAgeMs * (0.9 + 0.2 * Math.random());
  }

  /** It takes no new calls, and closes soon. */
  get isDraining(): boolean {
    return this.#drainingSince !== undefined;
  }

  /** HTTP/2 has begun. */
  began(session: ServerHttp2Session): void {
    this.#session = session;
    session.on('error', () => undefined);
  }

  /** The peer is no stranger any more. */
  isKnown(): void {
    this.#known = true;
    this.#lastUseAt = performance.now();
  }

  /** A call was let in. */
  letIn(call: Call): void {
    this.isKnown();
    this.calls.add(call);
    call.onClose(() => {
      this.calls.delete(call);
      this.#lastUseAt = performance.now();
    });
  }

  /** A call was refused before anything of it was received. */
  refused(): void {
    if (!this.#known && ++this.#refusals >= REFUSALS_OF_STRANGERS) this.destroy();
  }

  /** Looks what is due. @returns why it ends, if it does */
  tick(now: number): string | undefined {
    const { firstCallMs, maxIdleMs } = this.#limits;
    const age = now - this.#openedAt;
    if (this.turnedAway !== undefined) return age > TURN_AWAY_MS ? this.#gone('turned away') : undefined;
    if (!this.#known && age > firstCallMs) return this.#gone('no call came that could be let in');
    if (this.#drainingSince !== undefined)
      return now - this.#drainingSince > DRAIN_MS ? this.#gone('too old') : undefined;
    const idle = this.calls.size === 0 ? now - this.#lastUseAt : 0;
    if (this.#known && (idle > maxIdleMs || age > this.#maxAgeMs)) this.drain(now);
    return this.#ping(now);
  }

  /** Takes no new calls, ends streams of versions, and closes when the calls in hand are answered. */
  drain(now: number): void {
    this.#drainingSince = now;
    this.#session?.close();
    for (const call of this.calls) if (call.isStream) call.end();
  }

  destroy(): void {
    this.#session?.destroy();
    this.#socket.destroy();
  }

  #ping(now: number): string | undefined {
    if (this.#unanswered && now - this.#pingedAt > PONG_MS) return this.#gone('it answers no pings');
    if (this.#unanswered || now - this.#pingedAt < PING_MS) return undefined;
    this.#pingedAt = now;
    const session = this.#session;
    if (session === undefined || session.closed || session.destroyed) return undefined;
    this.#unanswered = session.ping((error) => {
      if (error === null) this.#unanswered = false;
    });
    return undefined;
  }

  #gone(why: string): string {
    this.destroy();
    return why;
  }
}
