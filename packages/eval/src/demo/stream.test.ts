import { test } from 'tap';
import type { LabelledImages } from '../data/labelled-images.js';
import { demoPlan } from './plan.js';
import { deviceStream, shuffled } from './stream.js';

/** Ten thousand images of one pixel. The label tells which is which. */
const images: LabelledImages = {
  count: 10_000,
  image: (index) => ({ data: Uint8Array.of(index % 256), width: 1, height: 1, channels: 1 }),
  label: (index) => index,
};

const clean = { name: 'clean', severity: 0 } as const;
const plan = {
  ...demoPlan({ quick: true, seed: 3 }),
  cohorts: [
    {
      name: 'a',
      devices: ['a1', 'a2'],
      environments: [
        { ...clean, images: 130 },
        { ...clean, images: 100 },
      ],
    },
    {
      name: 'b',
      devices: ['b1'],
      environments: [
        { ...clean, images: 130 },
        { ...clean, images: 100 },
      ],
    },
  ],
};

async function labelsOf(device: string, seed = plan.seed): Promise<number[][]> {
  const labels: number[][] = [];
  for await (const chunk of deviceStream(images, { ...plan, seed }, device)) {
    labels[chunk.environment] = [...(labels[chunk.environment] ?? []), ...chunk.labels];
  }
  return labels;
}

test('a stream has as many images of each environment as the plan says', async (t) => {
  t.same(
    (await labelsOf('a1')).map(({ length }) => length),
    [130, 100],
  );
});

test('no two devices see the same picture in the same environment, and none sees one twice', async (t) => {
  const all = await Promise.all(['a1', 'a2', 'b1'].map((device) => labelsOf(device)));
  for (const environment of [0, 1]) {
    const seen = all.flatMap((labels) => labels[environment] ?? []);
    t.equal(new Set(seen).size, seen.length);
  }
});

test('the seed decides the stream', async (t) => {
  t.same(await labelsOf('a1'), await labelsOf('a1'));
  t.notSame(await labelsOf('a1'), await labelsOf('a1', 4));
});

test('inputs are the pixels in [0, 1]', async (t) => {
  for await (const { inputs, labels } of deviceStream(images, plan, 'b1')) {
    t.same(inputs[0], Float32Array.of(((labels[0] ?? 0) % 256) / 255));
    break;
  }
});

test('a shuffle keeps every number', async (t) => {
  t.same(
    [...shuffled(100, 1)].sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, i) => i),
  );
});
