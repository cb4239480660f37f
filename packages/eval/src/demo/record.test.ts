import { test } from 'tap';
import { madeUpRun } from './made-up-run.test-support.js';
import { accuracyCurve, versionMarks } from './record.js';
import { summarise } from './summary.js';

test('the window of an accuracy curve starts anew where the environment changes', async (t) => {
  const record = madeUpRun({ adapted: 1, unadapted: 1 }, { adapted: 0.6, unadapted: 0.2 });
  const device = record.devices[0];
  if (device === undefined) throw new Error('no device');
  const curve = accuracyCurve(record.plan, device);
  const first = curve.find(({ environment }) => environment === 1);
  t.equal(first?.adapted, 0.6, 'no clean image counts in the first window of the corruption');
  t.equal(first?.unadapted, 0.2);
  t.equal(curve.length, device.chunks.length, 'a point for each report');
});

test('a version is marked where a device first ran it', async (t) => {
  const device = madeUpRun({ adapted: 1, unadapted: 1 }, { adapted: 1, unadapted: 1 }).devices[0];
  if (device === undefined) throw new Error('no device');
  t.same(versionMarks(device).slice(0, 2), [
    { version: 1, images: 100 },
    { version: 2, images: 200 },
  ]);
});

test('the summary splits accuracy and bytes by environment', async (t) => {
  const summary = summarise(madeUpRun({ adapted: 1, unadapted: 1 }, { adapted: 0.8, unadapted: 0.4 }));
  t.equal(summary.cohorts.length, 2);
  const device = summary.cohorts[0]?.devices[0];
  t.equal(device?.environments.length, 3);
  const [clean, corrupted] = device?.environments ?? [];
  t.equal(clean?.adapted, 1);
  t.equal(corrupted?.adapted, 0.8);
  t.equal(corrupted?.unadaptedLast, 0.4);
  t.equal(corrupted?.bytesUp, (corrupted?.images ?? 0) * 100, 'bytes of this environment alone');
  t.equal(
    device?.environments.reduce((sum, { bytesUp }) => sum + bytesUp, 0),
    device?.bytesUp,
    'the environments add up to the whole',
  );
  t.equal(summary.changed.verdict, 'better');
  t.equal(summary.clean.verdict, 'unclear');
});
