import { applyVersion, encodeDelta, exportedVersion, type ParameterSet } from '@renorm/protocol';
import { test } from 'tap';
import type { Batch } from '../models/batch.js';
import { DeltaWriter } from './delta-writer.js';

const CLASSES = 2;
const SIZE = 64;

/**
 * A classifier of one normalization: two logits, the sum over the channels of gamma * x + weight * cos(1.7 channel) *
 * beta, and 0.
 */
const logitsOf =
  (weight: number) =>
  async (parameters: ParameterSet, { data, count }: Batch): Promise<Float32Array> => {
    const [gamma, beta] = [parameters.get('bn/gamma'), parameters.get('bn/beta')] as [Float32Array, Float32Array];
    const logits = new Float32Array(count * CLASSES);
    for (let i = 0; i < count; i++) {
      for (let k = 0; k < SIZE; k++)
        logits[i * CLASSES]! +=
          (gamma[k] as number) * (data[i * SIZE + k] as number) + weight * Math.cos(1.7 * k) * (beta[k] as number);
    }
    return logits;
  };

const wave = (phase: number, height: number, around = 0): Float32Array =>
  Float32Array.from({ length: SIZE }, (_, i) => around + height * Math.sin(i * 1.7 + phase));
const parameters = (phase: number, height: number): ParameterSet =>
  new Map([
    ['bn/gamma', wave(phase, height, 1)],
    ['bn/beta', wave(phase + 1, height)],
  ]);
const samples: Batch = {
  data: Float32Array.from({ length: SIZE * 40 }, (_, i) => Math.sin(i * 0.37) / 8),
  count: 40,
};
const none: Batch = { data: new Float32Array(), count: 0 };
const exported = exportedVersion(parameters(0, 0.2));

test('what devices decode predicts as what was trained, within the bound, version after version', async (t) => {
  const sizes: number[] = [];
  for (const divergence of [1e-2, 1e-4]) {
    const writer = new DeltaWriter(exported, logitsOf(1), { divergence, classes: CLASSES });
    let held = exported;
    let size = 0;
    for (let i = 1; i <= 12; i++) {
      const written = await writer.write(held, parameters(i / 10, 0.2), samples, 128);
      t.ok((written.divergence ?? 1) <= divergence, `${written.divergence} of ${divergence}`);
      held = applyVersion(held, written.version);
      t.same(held, written.decoded);
      size += sizeOf(written.version);
    }
    sizes.push(size);
  }
  t.ok((sizes[0] as number) < (sizes[1] as number), `a wider bound is shorter: ${sizes}`);
});

test('a tensor that the predictions do not depend on gets fewer bits', async (t) => {
  const errors: number[] = [];
  for (const weight of [1, 0]) {
    const writer = new DeltaWriter(exported, logitsOf(weight), { divergence: 1e-3, classes: CLASSES });
    let held = exported;
    for (let i = 1; i <= 12; i++) held = (await writer.write(held, parameters(i / 10, 0.2), samples, 128)).decoded;
    const target = parameters(1.2, 0.2).get('bn/beta') as Float32Array;
    const decoded = held.parameters.get('bn/beta') as Float32Array;
    errors.push(Math.max(...target.map((value, i) => Math.abs(value - (decoded[i] as number)))));
  }
  t.ok((errors[1] as number) > 2 * (errors[0] as number), `errors where it counts and where not: ${errors}`);
});

test('without samples, and where predictions are not finite, a version is written all the same', async (t) => {
  const blind = new DeltaWriter(exported, logitsOf(1), { divergence: 1e-3, classes: CLASSES });
  const unmeasured = await blind.write(exported, parameters(0.1, 0.2), none, 0);
  t.equal(unmeasured.divergence, undefined);
  t.same(applyVersion(exported, unmeasured.version), unmeasured.decoded);
  const broken = new DeltaWriter(exported, async (_, { count }) => new Float32Array(count * CLASSES).fill(NaN), {
    divergence: 1e-3,
    classes: CLASSES,
  });
  const written = await broken.write(exported, parameters(0.1, 0.2), samples, 128);
  t.same(applyVersion(exported, written.version), written.decoded);
  t.ok(
    sizeOf(written.version) < 10 * sizeOf(encodeDelta(exported, parameters(0.1, 0.2), { publishedAtMs: 0 }).version),
  );
});

function sizeOf({ content }: { content: { case?: string | undefined; value?: unknown } }): number {
  return (content.value as { difference: { data: Uint8Array } }).difference.data.length;
}
