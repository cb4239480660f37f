import { randomUUID } from 'node:crypto';
import type { JsMsg } from '@nats-io/jetstream';
import type { Cluster } from './cluster.js';
import { isOutrun } from './cluster-error.js';
import { shareOut } from './share-out.js';
import { follow } from './tail.js';

export interface LeasesOptions {
  /** Called when this trainer has other shares than before. */
  readonly onChange: (shares: readonly number[]) => void;
  /** Told what went wrong; it is tried again. */
  readonly onProblem?: (error: unknown) => void;
  /** How often a trainer says that it is alive, in milliseconds. Who was not heard of for three of these is taken for dead. Default: 2,000. */
  readonly everyMs?: number;
}

const EVERY_MS = 2_000;
const MISSED = 3;

interface Owned {
  readonly owner: string;
  /** Of the message that says so: who takes the share has to follow it. */
  readonly seq: number;
}

/**
 * Which cohorts this trainer trains, while others train the rest. A share of the cohorts is taken by compare-and-set and held for as long as its owner
 * says that it is alive, in a thread that no step blocks. That saves work and decides nothing: what makes two trainers of one cohort safe is the revision of its head.
 *
 * No clock is compared with another: a trainer is alive while this process has heard of it within so many of its own milliseconds.
 */
export class Leases {
  readonly #cluster: Cluster;
  readonly #options: LeasesOptions;
  readonly #everyMs: number;
  readonly #me = randomUUID();
  readonly #heardAt = new Map<string, number>();
  readonly #owned = new Map<number, Owned>();
  #mine = new Set<number>();
  #unfollow: () => Promise<void> = async () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();

  private constructor(cluster: Cluster, options: LeasesOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.#everyMs = options.everyMs ?? EVERY_MS;
  }

  /** Joins the trainers of a store. @throws RenormError STORE_UNREACHABLE */
  static async join(cluster: Cluster, options: LeasesOptions): Promise<Leases> {
    const leases = new Leases(cluster, options);
    // From the first message on: what was said before this trainer came is part of it.
    const tail = { stream: cluster.state, subject: `${cluster.name}.lease.*`, from: 1 };
    leases.#unfollow = await follow(cluster, tail, (message) => leases.#heard(message));
    await leases.#beat();
    leases.#timer = setInterval(() => {
      leases.#beating = leases.#beating.then(() => leases.#beat().catch((error) => options.onProblem?.(error)));
    }, leases.#everyMs);
    leases.#timer.unref();
    return leases;
  }

  /** The shares that this trainer has. */
  get shares(): readonly number[] {
    return [...this.#mine];
  }

  /** Gives everything up, so that nobody waits for this trainer. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    const subject = this.#subject(`trainer-${this.#me}`);
    // Its end is heard of, then it leaves nothing behind.
    await this.#cluster
      .publish({ subject, headers: { 'Renorm-Alive': '0' } })
      .then((seq) => this.#cluster.purge(this.#cluster.state, subject, seq))
      .catch(() => undefined);
    await this.#unfollow();
  }

  /** Says that this trainer is alive, and takes or gives what is due. */
  async #beat(): Promise<void> {
    await this.#cluster.publish({ subject: this.#subject(`trainer-${this.#me}`), headers: { 'Renorm-Alive': '1' } });
    this.#heardAt.set(this.#me, performance.now());
    const alive = await this.#alive();
    const owners = new Map([...this.#owned].map(([share, { owner }]) => [share, owner]));
    const { take, give } = shareOut({ me: this.#me, alive, owners });
    await Promise.all([
      ...take.map((share) => this.#set(share, this.#me)),
      ...give.map((share) => this.#set(share, '')),
    ]);
    this.#update();
  }

  /** Takes or gives a share; where another trainer was first, it has it. */
  async #set(share: number, owner: string): Promise<void> {
    const after = this.#owned.get(share)?.seq ?? 0;
    try {
      const seq = await this.#cluster.publish({
        ...{ subject: this.#subject(`share-${share}`), headers: { 'Renorm-Owner': owner }, after },
      });
      this.#own(share, { owner, seq });
    } catch (error) {
      if (!isOutrun(error)) throw error;
    }
  }

  #heard({ subject, headers, seq }: JsMsg): void {
    const [kind, ...rest] = (subject.split('.').at(-1) ?? '').split('-');
    const what = rest.join('-');
    if (kind === 'trainer') {
      if (headers?.get('Renorm-Alive') === '0') this.#heardAt.delete(what);
      else this.#heardAt.set(what, performance.now());
    } else this.#own(Number(what), { owner: headers?.get('Renorm-Owner') ?? '', seq });
  }

  #own(share: number, owned: Owned): void {
    if ((this.#owned.get(share)?.seq ?? 0) >= owned.seq) return;
    this.#owned.set(share, owned);
    this.#update();
  }

  async #alive(): Promise<Set<string>> {
    const since = performance.now() - MISSED * this.#everyMs;
    for (const [trainer, at] of this.#heardAt) {
      if (at >= since) continue;
      this.#heardAt.delete(trainer);
      // If it lives after all, it says so again.
      await this.#cluster.purge(this.#cluster.state, this.#subject(`trainer-${trainer}`));
    }
    return new Set(this.#heardAt.keys());
  }

  #update(): void {
    const mine = new Set([...this.#owned].flatMap(([share, { owner }]) => (owner === this.#me ? [share] : [])));
    const isSame = mine.size === this.#mine.size && [...mine].every((share) => this.#mine.has(share));
    this.#mine = mine;
    if (!isSame) this.#options.onChange(this.shares);
  }

  #subject(what: string): string {
    return `${this.#cluster.name}.lease.${what}`;
  }
}
