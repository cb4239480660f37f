import { AnnounceResponseSchema, create, exportedVersion, RenormError, UploadResponseSchema } from '@renorm/protocol';
import { test } from 'tap';
import { Device } from './device.js';
import { TUNING_DEFAULTS } from './device-options.js';
import type { Clock, Inference, Transport } from './platform.js';
import { policyOf } from './policies/index.js';
import type { SelectionPolicy } from './selection-policy.js';

/** A clock that is wound by hand. */
class HandClock implements Clock {
  #at = 0;
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  now(): number {
    return 1e12 + this.#at;
  }

  monotonic(): number {
    return this.#at;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#at + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  soon(callback: () => void): void {
    queueMicrotask(callback);
  }

  async wind(ms: number): Promise<void> {
    this.#at += ms;
    for (const timer of [...this.#timers].filter(({ at }) => at <= this.#at)) {
      this.#timers.delete(timer);
      timer.callback();
    }
    await settle();
  }
}

/** Lets everything run that waits for no clock. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const exported = exportedVersion(new Map([['bn/gamma', Float32Array.of(1)]]));
const inference: Inference = {
  run: async () => ({ logits: Float32Array.of(1, 0), version: 0 }),
  load: async () => undefined,
  encode: async () => ({ encoding: 1, shape: [1], data: Uint8Array.of(1) }),
  close: async () => undefined,
};
const welcome = create(AnnounceResponseSchema, {
  latest: { number: 0n, digest: exported.digest },
  maxSamplesPerUpload: 4,
  budgetLeft: 1,
});
const cloud: Transport = {
  announce: async () => welcome,
  upload: async ({ samples }) =>
    create(UploadResponseSchema, { acknowledgedSequence: samples.at(-1)?.sequence ?? 0n, budgetLeft: 1 }),
  watch: () => () => undefined,
  counters: { bytesUp: 0, bytesDown: 0 },
  close: () => undefined,
};

function open(transport: Partial<Transport>, selection: SelectionPolicy = policyOf('everything')) {
  const clock = new HandClock();
  const device = new Device({
    ...{ id: 'a', cohort: 'b', modelDigest: new Uint8Array(32), shape: [1], classes: 2, exported, inference, clock },
    model: { shape: [1], classes: 2, output: 'logits', changes: [] },
    transport: { ...cloud, ...transport },
    random: { fraction: () => 0.5, bytes: (count) => new Uint8Array(count) },
    tuning: { ...TUNING_DEFAULTS, selection },
  });
  return { device, clock };
}

const isSettled = async (promise: Promise<unknown>): Promise<boolean> => {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await settle();
  return settled;
};

test('close does not wait for a cloud that is not there', async (t) => {
  const { device } = open({ announce: () => Promise.reject(new RenormError('CLOUD_UNREACHABLE', 'away.')) });
  await device.infer(Float32Array.of(1));
  await settle();
  t.match(device.status(), { connected: false, pending: 1 });
  t.ok(await isSettled(device.close()), 'no clock was wound');
});

test('close waits for a cloud that hangs, for 2 s', async (t) => {
  const { device, clock } = open({ upload: () => new Promise(() => undefined) });
  await device.infer(Float32Array.of(1));
  await settle();
  const closing = device.close();
  for (let passed = 0; passed < 1990; passed += 10) {
    await clock.wind(10);
    if (await isSettled(closing)) t.fail(`closed after ${passed} ms`);
  }
  await clock.wind(20);
  t.ok(await isSettled(closing));
});

test('a policy that throws is told once; predictions go on, nothing is uploaded', async (t) => {
  const { device } = open(
    {},
    {
      name: 'broken',
      initial: () => undefined,
      decide() {
        throw new Error('no such layer');
      },
    },
  );
  const errors: string[] = [];
  device.on('error', ({ message }) => errors.push(message));
  for (let i = 0; i < 3; i++) t.equal((await device.infer(Float32Array.of(1))).label, 0);
  await settle();
  t.match(errors, [/^SELECTION_FAILED: the selection policy broken failed \(no such layer\)/]);
  t.match(device.status(), { predictions: 3, selected: 0, pending: 0 });
  await device.close();
});

/** Closes a device, and lets the time pass that this takes. */
async function close({ device, clock }: ReturnType<typeof open>): Promise<void> {
  const closing = device.close();
  while (!(await isSettled(closing))) await clock.wind(10);
}

test('a sample carries why it was selected; what the cloud would refuse is not sent', async (t) => {
  const sent: unknown[] = [];
  const transport: Partial<Transport> = {
    upload: (request) => {
      sent.push(...request.samples.map(({ selection }) => selection));
      return cloud.upload(request);
    },
  };
  const good = open(transport, policyOf({ policy: 'uncertain', share: 1 }));
  await good.device.infer(Float32Array.of(1));
  await close(good);
  t.match(sent, [{ policy: 'uncertain', reason: 'uncertain', score: Number }]);
  const wordy = { name: 'wordy', initial: () => 0, decide: () => ({ state: 0, upload: {}, reason: 'as I see fit' }) };
  const bad = open(transport, wordy as SelectionPolicy);
  const errors: string[] = [];
  bad.device.on('error', ({ code }) => errors.push(code));
  await bad.device.infer(Float32Array.of(1));
  await close(bad);
  t.same([sent.length, errors], [1, ['SELECTION_FAILED']]);
});
