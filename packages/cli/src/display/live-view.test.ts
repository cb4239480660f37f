import { stripVTControlCharacters } from 'node:util';
import { type DemoRecord, demoPlan } from '@renorm/eval';
import { test } from 'tap';
import { liveView } from './live-view.js';
import { plainLine } from './plain-lines.js';

/** A quick run in which every device has reported `reports` chunks of clean images. */
function record(reports: number): DemoRecord {
  const plan = demoPlan({ quick: true, seed: 1 });
  const chunk = (i: number) => ({
    ...{ kind: 'chunk' as const, environment: 0, images: (i + 1) * plan.chunk, seconds: i + 1 },
    ...{ count: plan.chunk, bothRight: 20, onlyAdaptedRight: 2, onlyUnadaptedRight: 0 },
    ...{ selected: 3 * i, uploaded: 3 * i, bytesUp: 1500 * i, bytesDown: 20 * i, version: i, connected: i % 2 === 0 },
  });
  const devices = plan.cohorts.flatMap((cohort) =>
    cohort.devices.map((id) => {
      const chunks = Array.from({ length: reports }, (_, i) => chunk(i));
      const counters = chunks.at(-1) ?? {
        selected: 0,
        uploaded: 0,
        bytesUp: 0,
        bytesDown: 0,
        version: 0,
        connected: false,
      };
      return { id, cohort, chunks, counters, done: false };
    }),
  );
  return { plan, address: '127.0.0.1:7443', devices, cohorts: new Map() };
}

test('the live view fits its terminal', async (t) => {
  for (const width of [80, 100, 200]) {
    for (const reports of [0, 1, 6]) {
      const longest = Math.max(
        ...stripVTControlCharacters(liveView(record(reports), width))
          .split('\n')
          .map((line) => line.length),
      );
      t.ok(longest <= width, `${longest} of ${width} columns`);
    }
  }
});

test('the live view shows both models of every device, and a device that has lost the cloud', async (t) => {
  const text = stripVTControlCharacters(liveView(record(6), 100));
  for (const id of ['entrance-1', 'entrance-2', 'workshop-1']) t.match(text, new RegExp(`${id} +adapted +88\\.0%`));
  t.equal(text.match(/no cloud +unadapted +80\.0%/g)?.length, 3);
  t.match(text, '150 images  10.0% uploaded  7.50 kB up  100 B down  version 5');
});

test('a log begins with who sees what, and says in each line how long it takes', async (t) => {
  const [start, ...devices] = plainLine({ kind: 'streaming' }, record(0));
  t.match(start, /cloud listens at 127\.0\.0\.1:7443\. 3 devices/);
  t.equal(devices[0], '  entrance-1 and entrance-2: 200 clean, then 500 fog, then 500 contrast');
  t.match(devices[2], /^adapted: right among the latest 50 images, .*; unadapted: .* exported\.$/);
  const running = record(5);
  const line = plainLine({ kind: 'chunk', device: running.devices[0] as DemoRecord['devices'][number] }, running);
  // 125 of 1,200 images in 5 seconds.
  t.match(line[0], /^0:05 +entrance-1 +clean +125 images .* about 0:43 left$/);
});
