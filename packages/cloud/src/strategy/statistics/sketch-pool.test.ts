import type { ParameterSet } from '@renorm/protocol';
import { test } from 'tap';
import type { ReceivedSketch } from '../../models/training-samples.js';
import { merged, sketchPool } from './sketch-pool.js';

const LAYERS = ['bn'];
const CHANNELS = 8;
const exported: ParameterSet = new Map([
  ['bn/mean', new Float32Array(CHANNELS)],
  ['bn/variance', new Float32Array(CHANNELS).fill(1)],
]);
const outlook = { entropy: 1, predicted: [32, 0] };

/** A sketch whose channels have means around one. */
const at = (mean: number, position: number, device = 'a', images = 32): ReceivedSketch => ({
  ...{ position, device, selection: undefined },
  sketch: {
    ...{ images, served: outlook, batch: outlook },
    layers: [
      {
        // A pattern of its own in each, as sampling makes it.
        mean: Float32Array.from({ length: CHANNELS }, (_, c) => mean + 0.03 * Math.sin(7 * position + c)),
        variance: new Float32Array(CHANNELS).fill(1),
      },
    ],
  },
});
const pool = (sketches: readonly ReceivedSketch[]) => {
  const found = sketchPool(sketches, exported, LAYERS, 128);
  if (found === undefined) throw new Error('there is no pool');
  return found;
};
const meanOf = ({ parts }: ReturnType<typeof pool>): number =>
  merged(parts, LAYERS)[0]?.moments.mean.reduce((sum, value) => sum + value / CHANNELS, 0) ?? Number.NaN;

test('sketches merge into the moments of all their images', async (t) => {
  const part = (mean: number, variance: number, count: number) => ({
    count,
    layers: [{ mean: Float32Array.of(mean), variance: Float32Array.of(variance) }],
  });
  const [layer] = merged([part(1, 2, 30), part(4, 5, 10)], LAYERS);
  // (30 + 40) / 40, and within and between them: (60 + 50) / 40 + 0.75 * 0.25 * 9.
  t.same(layer?.moments, { mean: Float32Array.of(1.75), variance: Float32Array.of(2.75 + 1.6875) });
});

test('the latest that are worth a pool count', async (t) => {
  const { parts, began } = pool([0, 1, 2, 3, 4, 5].map((position) => at(1, position)));
  t.equal(parts.length, 4);
  t.equal(began, undefined);
  t.equal(sketchPool([], exported, LAYERS, 128), undefined);
});

test('a change of environment leaves what was before behind', async (t) => {
  const found = pool([at(0, 0), at(0, 1), at(0, 2), at(1, 3)]);
  t.equal(found.began, 3);
  t.ok(Math.abs(meanOf(found) - 1) < 0.05);
  t.equal(pool([at(0, 0), at(1, 1), at(0, 2), at(1, 3), at(0, 4)]).began, undefined, 'apart as they always are');
});

test('one device of four moves the others’ statistics little, and begins nothing anew', async (t) => {
  const honest = [0, 1, 2].map((i) => at(0, i, `device-${i}`));
  const found = pool([...honest, at(0, 3, 'odd'), ...honest.map((one) => ({ ...one, position: one.position + 4 }))]);
  t.ok(Math.abs(meanOf(found)) < 0.05);
  const attacked = pool([
    at(0, 0, 'odd'),
    ...honest.map((one) => ({ ...one, position: one.position + 1 })),
    at(5, 4, 'odd'),
  ]);
  t.equal(attacked.began, undefined);
  t.ok(Math.abs(meanOf(attacked)) < 0.1, `${meanOf(attacked)}`);
});

test('a sketch of a thousand times the images has a share of a device, no more', async (t) => {
  const honest = [0, 1, 2].map((i) => at(0, i, `device-${i}`));
  const { parts } = pool([...honest, at(0.1, 3, 'loud', 64_000)]);
  const total = parts.reduce((sum, { count }) => sum + count, 0);
  t.ok(Math.max(...parts.map(({ count }) => count)) <= 0.5 * total);
});
