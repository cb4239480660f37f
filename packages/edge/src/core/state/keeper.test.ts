import { RenormError } from '@renorm/protocol';
import { test } from 'tap';
import type { Clock, DeviceStore, RecordChange } from '../platform.js';
import { policyOf } from '../policies/index.js';
import type { Observation, SelectionPolicy } from '../selection-policy.js';
import { Keeper } from './keeper.js';
import { memoryStore } from './memory-store.js';
import { decodePlain, encodePlain } from './plain.js';
import { PolicyMemory } from './policy-memory.js';

test('plain data come back as they were, and what is not plain is refused', (t) => {
  const values = [
    { a: [1, -0.5, 'text', true, null, undefined], b: {} },
    [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 2 ** 53],
    { bytes: Uint8Array.of(0, 128, 255), f32: Float32Array.of(0.1, Number.NaN), f64: Float64Array.of(Math.PI, -0) },
    { $: 'number', of: 'not a tag' },
    new Float32Array(20_000).map((_, i) => i / 7),
    'ä \u{1f600} \u0000',
  ];
  for (const value of values) t.strictSame(decodePlain(encodePlain(value)), value);
  t.ok(Object.is((decodePlain(encodePlain([-0])) as number[])[0], -0));
  for (const value of [new Map(), new Date(), () => 1, 1n, { deep: [new Set()] }])
    t.throws(() => encodePlain(value), TypeError);
  t.end();
});

/** A store that notes its writes and fails while it is told to. */
class StrictStore {
  readonly writes: (readonly RecordChange[])[] = [];
  readonly store: DeviceStore;
  full = false;
  #release: (() => void) | undefined;
  #held: Promise<void> | undefined;

  constructor() {
    const memory = memoryStore();
    let busy = false;
    this.store = {
      ...memory,
      write: async (changes) => {
        if (busy) throw new Error('called twice at a time');
        busy = true;
        this.writes.push(changes);
        await this.#held;
        busy = false;
        if (this.full) throw new RenormError('DATA_NOT_WRITABLE', 'no space left.');
        await memory.write(changes);
      },
    };
  }

  hold(): void {
    this.#held = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  release(): void {
    this.#release?.();
    this.#held = undefined;
  }
}

function keeping() {
  const disk = new StrictStore();
  const timers: (() => void)[] = [];
  const troubles: (string | undefined)[] = [];
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    after: (_, callback) => {
      timers.push(callback);
      return () => void timers.splice(timers.indexOf(callback), 1);
    },
    soon: (callback) => queueMicrotask(callback),
  };
  const keeper = new Keeper({
    ...{ store: disk.store, clock, random: { fraction: () => 0, bytes: () => new Uint8Array() } },
    backoff: { initialMs: 1, maxMs: 1, factor: 1 },
    onTrouble: (error) => troubles.push(error?.code),
  });
  return { disk, keeper, timers, troubles };
}

const bytes = (value: number): Uint8Array => Uint8Array.of(value);

test('what comes while others are written goes together, and is read before it is written', async (t) => {
  const { disk, keeper } = keeping();
  disk.hold();
  keeper.put('a', bytes(1));
  keeper.put('b', bytes(1));
  await Promise.resolve();
  await Promise.resolve();
  for (let i = 2; i < 9; i++) keeper.put('a', bytes(i));
  keeper.put('b', undefined);
  t.same(await keeper.get('a'), bytes(8));
  t.equal(await keeper.get('b'), undefined);
  t.equal(keeper.waitingBytes, 3);
  const settled = keeper.settled();
  disk.release();
  await settled;
  t.same(
    disk.writes.map((changes) => changes.map(({ key }) => key)),
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
  );
  t.same(await disk.store.get('a'), bytes(8));
  t.equal(await disk.store.get('b'), undefined);
});

test('a full disk: told once, read from memory, tried again by the timer alone, told when it is over', async (t) => {
  const { disk, keeper, timers, troubles } = keeping();
  disk.full = true;
  keeper.put('a', bytes(1));
  await keeper.settled();
  t.same(troubles, ['DATA_NOT_WRITABLE']);
  keeper.put('a', bytes(2));
  keeper.put('b', bytes(3));
  await keeper.settled();
  t.equal(disk.writes.length, 1, 'a change does not try again');
  timers.shift()?.();
  await keeper.settled();
  t.equal(disk.writes.length, 2);
  t.same(troubles, ['DATA_NOT_WRITABLE'], 'told once');
  t.same(await keeper.get('a'), bytes(2));
  disk.full = false;
  timers.shift()?.();
  await keeper.settled();
  t.same(troubles, ['DATA_NOT_WRITABLE', undefined]);
  t.same(await disk.store.get('a'), bytes(2));
  t.same(await disk.store.get('b'), bytes(3));
  keeper.put('c', bytes(4));
  await keeper.close();
  t.equal(timers.length, 0);
});

test('a policy goes on where it was, if it is the same with the same options', (t) => {
  const observe = (policy: SelectionPolicy, state: unknown, i: number): unknown => {
    const p = Math.abs(Math.sin(i)) / 2;
    const probabilities = Float32Array.of(1 - p, p);
    const seen: Observation = { probabilities, entropy: p, logits: probabilities, version: i >> 5, random: p };
    return policy.decide(state, seen).state;
  };
  for (const choice of ['renorm', 'cema', 'uncertain', 'random', 'everything'] as const) {
    const policy = policyOf(choice);
    const memory = new PolicyMemory(policy, 2);
    let state = memory.recall(undefined);
    for (let i = 0; i < 300; i++) state = observe(policy, state, i);
    const kept = memory.kept(state);
    let again = new PolicyMemory(policyOf(choice), 2).recall(kept);
    t.strictSame(again, state, choice);
    for (let i = 300; i < 400; i++) [state, again] = [observe(policy, state, i), observe(policy, again, i)];
    t.strictSame(again, state, `${choice}, and decides on as it would have`);
  }
  const policy = policyOf({ policy: 'renorm', share: 0.1 });
  let state = policy.initial(2);
  for (let i = 0; i < 50; i++) state = observe(policy, state, i);
  const kept = new PolicyMemory(policy, 2).kept(state);
  const other = policyOf({ policy: 'renorm', share: 0.2 });
  t.strictSame(new PolicyMemory(other, 2).recall(kept), other.initial(2), 'another share begins anew');
  t.strictSame(new PolicyMemory(policy, 3).recall(kept), policy.initial(3), 'so do other classes');
  const own: SelectionPolicy<Map<string, number>> = {
    name: 'own',
    initial: () => new Map(),
    decide: (before) => ({ state: before, reason: 'no' }),
  };
  t.equal(new PolicyMemory(own as SelectionPolicy, 2).kept(new Map()), undefined, 'what cannot be kept is not');
  const encoding: SelectionPolicy<Map<string, number>> = {
    ...own,
    encode: (map) => encodePlain([...map]),
    decode: (from) => new Map(decodePlain(from) as [string, number][]),
  };
  const mapped = new PolicyMemory(encoding as SelectionPolicy, 2);
  t.strictSame(mapped.recall(mapped.kept(new Map([['a', 1]]))), new Map([['a', 1]]));
  t.end();
});
