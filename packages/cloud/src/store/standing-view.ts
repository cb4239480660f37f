import type { Reference } from '@renorm/protocol';
import type { HeadRecord } from './records.js';
import type { Change, Store } from './store.js';

/** Where a cohort is. Positions in its log count from 0 for ever. */
export interface Standing {
  /** Position behind the newest sample. */
  readonly received: number;
  /** Position behind the last sample that was trained on. */
  readonly trained: number;
  /** The newest version; undefined while the cohort runs the model as exported. */
  readonly version: Reference | undefined;
}

interface Seen extends Standing {
  /** Of the head that it was read from. */
  readonly revision: number;
}

type ReadHead = (cohort: string) => Promise<{ readonly revision: number; readonly record: HeadRecord } | undefined>;

/**
 * Where every cohort is, as far as somebody asked, kept fresh by what the store tells of changes: what nobody asks for
 * and what does not change costs nothing.
 */
export class StandingView {
  readonly #store: Store;
  readonly #readHead: ReadHead;
  readonly #seen = new Map<string, Promise<Seen>>();
  /** All that was read or heard of. */
  readonly #names = new Set<string>();
  #namesRead: Promise<void> | undefined;

  constructor(store: Store, readHead: ReadHead) {
    this.#store = store;
    this.#readHead = readHead;
  }

  async names(): Promise<string[]> {
    this.#namesRead ??= this.#readNames();
    await this.#namesRead;
    return [...this.#names];
  }

  standing(cohort: string): Promise<Standing> {
    return this.#seen.get(cohort) ?? this.#keep(cohort, this.#read(cohort));
  }

  changed({ cohort, what, at }: Change): void {
    this.#names.add(cohort);
    const seen = this.#seen.get(cohort);
    if (seen === undefined) return;
    const next =
      what === 'log'
        ? seen.then((before) => (at > before.received ? { ...before, received: at } : before))
        : seen.then((before) => (at > before.revision ? this.#withHead(cohort, before) : before));
    this.#keep(cohort, next);
  }

  /**
   * What cannot be read, and names that nobody stored anything under, are asked for again the next time: anybody can
   * invent those.
   */
  #keep(cohort: string, seen: Promise<Seen>): Promise<Seen> {
    this.#seen.set(cohort, seen);
    const forget = (): void => {
      if (this.#seen.get(cohort) === seen) this.#seen.delete(cohort);
    };
    seen.then(({ received, revision }) => {
      if (received === 0 && revision === 0) forget();
    }, forget);
    return seen;
  }

  async #readNames(): Promise<void> {
    try {
      for (const name of await this.#store.cohorts()) this.#names.add(name);
    } catch (error) {
      this.#namesRead = undefined;
      throw error;
    }
  }

  async #read(cohort: string): Promise<Seen> {
    const received = await this.#store.log(cohort).end();
    return this.#withHead(cohort, { received, trained: 0, version: undefined, revision: 0 });
  }

  async #withHead(cohort: string, before: Seen): Promise<Seen> {
    const head = await this.#readHead(cohort);
    if (head === undefined) return before;
    const { trained, latest } = head.record;
    return { received: before.received, trained, version: latest, revision: head.revision };
  }
}
