import type { Socket } from 'node:net';
import { RenormError } from '@renorm/protocol';
import { Connection } from './connection.js';
import type { WireLimits } from './wire-limits.js';

/** So many at a time are told why there is no room for them; the others are cut off. */
const TURNED_AWAY_AT_A_TIME = 64;
const TICK_MS = 1_000;

/** Every connection of the server, and how many there may be. */
export class Connections {
  readonly #limits: WireLimits;
  readonly #onRefused: (error: RenormError) => void;
  readonly #open = new Map<string, Connection>();
  readonly #byAddress = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #turnedAway = 0;

  constructor(limits: WireLimits, onRefused: (error: RenormError) => void) {
    this.#limits = limits;
    this.#onRefused = onRefused;
    const period = Math.min(TICK_MS, limits.firstCallMs / 4, limits.maxIdleMs / 4, limits.maxConnectionAgeMs / 4);
    this.#timer = setInterval(() => this.#tick(), period).unref();
  }

  get size(): number {
    return this.#open.size - this.#turnedAway;
  }

  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#open.values();
  }

  /** @returns undefined: there is no room even to say so */
  accept(socket: Socket): Connection | undefined {
    const key = keyOf(socket);
    if (key === undefined) return undefined;
    const error = this.#noRoom(socket.remoteAddress ?? '');
    if (error !== undefined) {
      this.#onRefused(error);
      if (this.#turnedAway >= TURNED_AWAY_AT_A_TIME) return undefined;
    }
    const connection = new Connection(socket, this.#limits, error);
    const { address } = connection;
    this.#open.set(key, connection);
    if (error !== undefined) this.#turnedAway++;
    else this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
    socket.once('close', () => {
      this.#open.delete(key);
      if (error !== undefined) this.#turnedAway--;
      else this.#left(address);
    });
    return connection;
  }

  /** The connection that a socket is the other end of: that of HTTP/2 may be wrapped in TLS. */
  of(socket: Socket): Connection | undefined {
    const key = keyOf(socket);
    return key === undefined ? undefined : this.#open.get(key);
  }

  /** Ends them: at once those that hold no call, the others when their calls are answered. */
  drain(): void {
    for (const connection of this.#open.values()) {
      if (connection.calls.size === 0) connection.destroy();
      else connection.drain(performance.now());
    }
  }

  close(): void {
    clearInterval(this.#timer);
    for (const connection of this.#open.values()) connection.destroy();
  }

  #noRoom(address: string): RenormError | undefined {
    const { maxConnections, maxConnectionsPerAddress } = this.#limits;
    if (this.size >= maxConnections) {
      const text = `this cloud has ${maxConnections} connections and takes no more; try again later, or raise its limit maxConnections.`;
      return new RenormError('TOO_MANY_CONNECTIONS', text);
    }
    if ((this.#byAddress.get(address) ?? 0) < maxConnectionsPerAddress) return undefined;
    const text = `there are ${maxConnectionsPerAddress} connections of this address, and no more are taken; close some, or raise the cloud's limit maxConnectionsPerAddress.`;
    return new RenormError('TOO_MANY_CONNECTIONS', text);
  }

  #left(address: string): void {
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, left);
  }

  #tick(): void {
    const now = performance.now();
    for (const connection of this.#open.values()) connection.tick(now);
  }
}

function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string | undefined {
  if (remoteAddress === undefined) return undefined;
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
