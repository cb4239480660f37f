import { test } from 'tap';
import type { NewHead, Store } from './store.js';
import { unnumbered, visible } from './visible.test-support.js';

/** What a driver takes, so that the contract can make its writes fail and time pass. */
export interface StoreHooks {
  readonly beforeWrite: (what: string) => void;
  readonly now: () => number;
}

/** A store with nothing in it, and others on the same data. */
export interface StoreUnderTest {
  readonly store: Store;
  /** As another process would have it; the store itself where there can be no other. */
  readonly other: Store;
  /** Lets what no head names go now, where the driver does that in its own time. */
  sweep?(): Promise<void>;
  /** Closes both and opens the data again, as after a restart; for what does not last, the store itself. */
  reopen(): Promise<Store>;
  close(): Promise<void>;
}

class Injected extends Error {}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const entry = (sequence: number) => ({ sequence, bytes: bytes(sequence, 7) });
const named = (digest: string, ...values: number[]): NewHead => ({ bytes: bytes(...values), blobs: [digest] });

/** Every operation that writes, in an order in which each finds something to do. */
export const WRITES: readonly (readonly [what: string, write: (store: Store) => Promise<unknown>])[] = [
  ['a first append', (store) => store.log('lobby').append('a', [entry(1), entry(2)])],
  ['an append with duplicates', (store) => store.log('lobby').append('a', [entry(2), entry(3), entry(4)])],
  ['an append from another source', (store) => store.log('lobby').append('b', [entry(1)])],
  ['a blob', (store) => store.blobs.put(bytes(1, 1, 1))],
  ['a first head', async (store) => store.setHead('lobby', named(await store.blobs.put(bytes(1, 1, 1)), 1), 0)],
  [
    'a head of other blobs',
    async (store) => {
      const revision = (await store.head('lobby'))?.revision ?? 0;
      return store.setHead('lobby', named(await store.blobs.put(bytes(2, 2)), 2), revision);
    },
  ],
  ['a trim', (store) => store.log('lobby').trim(2)],
  ['an append behind a trim', (store) => store.log('lobby').append('a', [entry(4), entry(5)])],
];

/** Each of the writes of each operation fails once. */
export function storeFaults(driver: string, open: (hooks: StoreHooks) => Promise<StoreUnderTest>): void {
  for (const [index, [what, write]] of WRITES.entries()) {
    test(`${driver}: ${what} that fails at any of its writes changes nothing, and succeeds when it is tried again`, async (t) => {
      let writes = 0;
      for (let failing = 1; ; failing++) {
        let left = Number.POSITIVE_INFINITY;
        const beforeWrite = (): void => {
          left -= 1;
          if (left === 0) throw new Injected('this write fails');
        };
        const under = await open({ beforeWrite, now: Date.now });
        try {
          for (const [, earlier] of WRITES.slice(0, index)) await earlier(under.store);
          const before = await visible(under.store);
          left = failing;
          const failed = await write(under.store).then(
            () => false,
            (error: unknown) => {
              if (error instanceof Injected) return true;
              throw error;
            },
          );
          if (!failed) break;
          writes += 1;
          t.same(await visible(under.store), before, `nothing of it is to be seen (write ${failing})`);
          t.same(await visible(under.other), before, 'nor elsewhere');
          await write(under.store);
          for (const [, later] of WRITES.slice(index + 1)) await later(under.store);
          const expected = await unharmed();
          t.same(unnumbered(await visible(under.store)), expected, 'as if nothing had happened');
          t.same(unnumbered(await visible(await under.reopen())), expected, 'after a restart too');
        } finally {
          await under.close();
        }
      }
      t.ok(writes > 0, `it has ${writes} writes`);
    });
  }

  async function unharmed() {
    const { store, close } = await open({ beforeWrite: () => undefined, now: Date.now });
    for (const [, write] of WRITES) await write(store);
    const seen = await visible(store);
    await close();
    return unnumbered(seen);
  }
}
