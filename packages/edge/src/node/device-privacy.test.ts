import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { consentOf } from '../core/consent.js';
import { open, predict, record, sample, startCloud } from './device.test-support.js';
import { until } from './fake-cloud.test-support.js';

test('consent: what was taken back stays so, and what was given counts where it is asked for', (t) => {
  t.equal(consentOf(), true);
  t.equal(consentOf(false), false);
  t.equal(consentOf(false, true), false, 'configured is configured');
  t.equal(consentOf('ask'), false);
  t.equal(consentOf('ask', true), true);
  for (const option of [undefined, true, 'ask'] as const) t.equal(consentOf(option, false), false);
  t.end();
});

test('nothing leaves before consent, and nothing of before it after; taken back, what waits is erased, and that is remembered', async (t) => {
  const state = join(mkdtempSync(join(tmpdir(), 'renorm-privacy-')), 'state');
  const cloud = await startCloud();
  t.teardown(() => cloud.drop());
  const sketches = { every: 1, window: 4 };
  const device = await open(cloud, { consent: 'ask', state, sketches, selection: 'everything' });
  await until('connected', () => device.status().connected);
  await predict(device, 0, 8);
  t.equal(await device.flush(), 0);
  t.equal(cloud.uploads.length, 0);
  t.match(device.status(), { selected: 0, pending: 0, uploaded: 0 });
  device.setConsent(true);
  await predict(device, 8, 2);
  t.equal(await device.flush(), 0);
  t.same(
    [...cloud.samples.values()].map((sent) => sent.kind === 'tensor' && sent.tensor.data),
    [8, 9].map(sample),
    'those that came after it',
  );
  cloud.drop();
  await until('disconnected', () => !device.status().connected);
  await predict(device, 10, 3);
  await until('waiting', () => device.status().pending === 3);
  device.setConsent(false);
  t.equal(device.status().pending, 0);
  t.match(
    (await device.log()).map(({ why }) => why),
    ['uploaded', 'uploaded', 'erased', 'erased', 'erased'],
  );
  await device.close();
  const again = await open(cloud, { consent: 'ask', state });
  t.teardown(() => again.close());
  t.equal(again.consent, false);
});

test('a redaction sees each sample first, and says what of it leaves; what it throws is told, and nothing leaves', async (t) => {
  const cloud = await startCloud();
  t.teardown(() => cloud.drop());
  const device = await open(cloud, {
    selection: 'everything',
    async redact({ values, shape, label }) {
      t.same([shape, label >= 0], [[3, 2, 2], true]);
      const i = Math.round((values[0] as number) * 255) / 12;
      if (i === 1) return undefined;
      if (i === 2) throw new Error('no face detector');
      if (i === 3) return values.subarray(1);
      return values.fill(0.2);
    },
  });
  const errors = record(device, 'error');
  await predict(device, 0, 5);
  t.equal(await device.flush(), 0);
  t.same(
    [...cloud.samples.values()].map((sent) => sent.kind === 'tensor' && sent.tensor.data),
    [0, 4].map(() => new Float32Array(12).fill(0.2)),
  );
  t.match(errors, [
    { code: 'REDACTION_FAILED', message: /no face detector/ },
    { code: 'REDACTION_FAILED', message: /no Float32Array of 12/ },
  ]);
  await device.close();
});

test('the log says what left, when and why; what is erased is gone from the disk too', async (t) => {
  const state = join(mkdtempSync(join(tmpdir(), 'renorm-privacy-')), 'state');
  const device = await open('127.0.0.1:1', {
    state,
    selection: 'everything',
    samples: 'exact',
    queue: { maxPending: 6 },
  });
  t.teardown(() => device.close());
  const left = record(device, 'left');
  // Noise, which no compression makes anything else of.
  const noise = (i: number): Float32Array =>
    Float32Array.from({ length: 12 }, (_, k) => Math.sin(i * 12.9898 + k * 78.233));
  const before = Date.now();
  for (let i = 0; i < 8; i++) await device.infer(noise(i));
  await until('given up', () => left.length === 2);
  const log = await device.log();
  t.match(log, [
    { ticket: 1, sequence: 0, why: 'full', kind: 'fair', reason: 'everything: kept', bytes: Number },
    { ticket: 2, sequence: 0, why: 'full' },
  ]);
  t.same(log, left);
  t.ok(log.every((entry) => entry.taken >= before && entry.left >= entry.taken && entry.bytes > 0));
  const onDisk = (): Buffer =>
    Buffer.concat(readdirSync(join(state, 'records')).map((name) => readFileSync(join(state, 'records', name))));
  const words = ['everything', 'sample/', 'data/', 'log/'];
  t.ok(words.every((word) => onDisk().includes(word)));
  await device.erase();
  t.equal(device.status().pending, 0);
  t.same(await device.log(), []);
  t.same(
    words.filter((word) => onDisk().includes(word)),
    [],
    'not a byte is left',
  );
});
