import type { DeviceStore } from '../platform.js';

// What every DeviceStore does, for whichever platform runs it: no test framework and no platform is imported. A case
// throws where it fails.

/** Opens the same store again and again. */
export type OpenStore = () => Promise<DeviceStore>;

/** One statement about a store. */
export interface ContractCase {
  readonly name: string;
  /** @param open opens one store, which is empty at first; it is closed when the case ends */
  run(open: OpenStore): Promise<void>;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const text = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => (each instanceof Uint8Array ? [...each] : (each ?? null)));

function same(found: unknown, wanted: unknown, what: string): void {
  if (text(found) !== text(wanted)) throw new Error(`${what}: found ${text(found)}, wanted ${text(wanted)}`);
}

async function rejects(promise: Promise<unknown>, what: string): Promise<void> {
  const outcome = await promise.then(
    () => 'nothing',
    (error: { readonly code?: string }) => error.code,
  );
  if (outcome !== 'CLOSED') throw new Error(`${what}: threw ${outcome}, wanted CLOSED`);
}

/** What holds for stores that outlive the device, and what holds for all. */
export const STORE_CONTRACT: readonly ContractCase[] = [
  {
    name: 'what is put is there, to the byte; what was not is undefined',
    async run(open) {
      const store = await open();
      const all = Uint8Array.from({ length: 256 }, (_, i) => i);
      await store.write([
        { key: 'a', value: all },
        { key: 'b', value: bytes() },
      ]);
      same(await store.get('a'), all, 'all bytes');
      same(await store.get('b'), bytes(), 'no bytes');
      same(await store.get('c'), undefined, 'never put');
      const found = await store.get('a');
      if (found === undefined || found.constructor !== Uint8Array) throw new Error('a value is a plain Uint8Array');
      found[0] = 9;
      same(await store.get('a'), all, 'a value that was changed by who read it');
    },
  },
  {
    name: 'a list has the records of a prefix, and no others, in the order of their keys',
    async run(open) {
      const store = await open();
      const keys = ['spool/2', 'spool', 'spool/10', 'spoon/1', 'spool/', 'a/spool/1', 'spool0', 'Spool/1'];
      await store.write(keys.map((key, i) => ({ key, value: bytes(i) })));
      same(
        (await store.list('spool/')).map(({ key, value }) => [key, value[0]]),
        [
          ['spool/', 4],
          ['spool/10', 2],
          ['spool/2', 0],
        ],
        'spool/',
      );
      same((await store.list('')).length, keys.length, 'everything');
      same(await store.list('none/'), [], 'nothing');
    },
  },
  {
    name: 'changes apply in order: of two of one key the later counts',
    async run(open) {
      const store = await open();
      await store.write([
        { key: 'a', value: bytes(1) },
        { key: 'b', value: bytes(1) },
      ]);
      await store.write([
        { key: 'a', value: undefined },
        { key: 'b', value: bytes(2) },
        { key: 'b', value: bytes(3) },
        { key: 'c', value: bytes(4) },
        { key: 'c', value: undefined },
        { key: 'never', value: undefined },
      ]);
      same(
        (await store.list('')).map(({ key, value }) => [key, ...value]),
        [['b', 3]],
        'after both',
      );
      await store.write([]);
    },
  },
  {
    name: 'a store belongs to what was written: values are copied',
    async run(open) {
      const store = await open();
      const buffer = bytes(1, 2, 3, 4);
      await store.write([{ key: 'a', value: buffer.subarray(1, 3) }]);
      buffer.fill(9);
      same(await store.get('a'), bytes(2, 3), 'a view of a buffer that was used again');
    },
  },
  {
    name: 'large records and many of them',
    async run(open) {
      const store = await open();
      const large = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 7919) >> 3);
      await store.write([{ key: 'large', value: large }]);
      const found = await store.get('large');
      if (found?.length !== large.length || !found.every((value, i) => value === large[i]))
        throw new Error('3 MB came back otherwise');
      const keys = Array.from({ length: 2000 }, (_, i) => `many/${String(i).padStart(6, '0')}`);
      await store.write(keys.map((key, i) => ({ key, value: bytes(i, i >> 8) })));
      same(
        (await store.list('many/')).map(({ key }) => key),
        keys,
        'two thousand',
      );
    },
  },
  {
    name: 'closed, it says so',
    async run(open) {
      const store = await open();
      await store.close();
      await rejects(store.get('a'), 'get');
      await rejects(store.list(''), 'list');
      await rejects(store.write([{ key: 'a', value: bytes(1) }]), 'write');
      await store.close();
    },
  },
];

/** For stores that outlive the device. */
export const LASTING_STORE_CONTRACT: readonly ContractCase[] = [
  {
    name: 'what was written is there when it is opened again',
    async run(open) {
      for (let i = 0; i < 3; i++) {
        const store = await open();
        same(
          (await store.list('')).map(({ key }) => key),
          i === 0 ? [] : [`run/${i - 1}`],
          `run ${i}`,
        );
        await store.write([
          { key: `run/${i}`, value: bytes(i) },
          { key: `run/${i - 1}`, value: undefined },
        ]);
        await store.close();
      }
    },
  },
  {
    name: 'one at a time has it open, and the next may as soon as it is closed',
    async run(open) {
      const store = await open();
      const outcome = await open().then(
        () => 'it was opened twice',
        (error: { readonly code?: string }) => error.code,
      );
      same(outcome, 'DATA_IN_USE', 'the second');
      await store.write([{ key: 'a', value: bytes(1) }]);
      await store.close();
      same(await (await open()).get('a'), bytes(1), 'the third');
    },
  },
];
