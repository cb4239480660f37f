import { deflateSync } from 'fflate';
import { test } from 'tap';
import { SampleEncoding } from './gen/renorm/v1/adaptation_pb.js';
import { seededRandom } from './random.js';
import { decodeSample, encodeSample } from './sample-codec.js';

const SHAPE = [1, 28, 28];
const pixels = (random: () => number): Float32Array =>
  Float32Array.from({ length: 784 }, () => Math.floor(random() * 256) / 255);

test('pixels travel as one byte each and come back to the bit', async (t) => {
  const levels = Float32Array.from({ length: 256 }, (_, k) => k / 255);
  const encoded = encodeSample({ data: levels, shape: [256] });
  t.equal(encoded.encoding, SampleEncoding.UINT8);
  t.same(decodeSample(encoded, [256]).data, levels);
});

test('anything else travels as float32 and comes back to the bit', async (t) => {
  for (const value of [0.5, -0, 1.0000001, -1 / 255, 256 / 255, 1e-40, 3.4e38]) {
    const data = Float32Array.of(0, 1, value);
    const encoded = encodeSample({ data, shape: [3] });
    t.equal(encoded.encoding, SampleEncoding.FLOAT32, `${value}`);
    t.ok(Object.is(decodeSample(encoded, [3]).data[2], Math.fround(value)), `${value} comes back`);
  }
});

test('a tensor that is a view into a larger buffer is encoded as what it shows', async (t) => {
  const data = new Float32Array([9, 0.25, 0.75, 9]).subarray(1, 3);
  t.same([...decodeSample(encodeSample({ data, shape: [2] }), [2]).data], [0.25, 0.75]);
});

test('a value that is not finite is refused, with its place', async (t) => {
  for (const value of [NaN, Infinity, -Infinity]) {
    t.throws(() => encodeSample({ data: Float32Array.of(0, value), shape: [2] }), {
      code: 'SAMPLE_INVALID',
      message: /at index 1/,
    });
  }
  const bytes = new Uint8Array(Float32Array.of(0, NaN).buffer);
  const sent = { encoding: SampleEncoding.FLOAT32, shape: [2], data: deflateSync(bytes) };
  t.throws(() => decodeSample(sent, [2]), { code: 'SAMPLE_INVALID', message: /NaN at index 1/ });
});

test('values and shape must agree', async (t) => {
  t.throws(() => encodeSample({ data: new Float32Array(3), shape: [2] }), {
    code: 'SAMPLE_INVALID',
    message: /3 values.*\[2\] holds 2/,
  });
  t.throws(() => encodeSample({ data: new Float32Array(0), shape: [0] }), { code: 'SAMPLE_INVALID' });
  t.throws(() => encodeSample({ data: new Float32Array(1), shape: [2 ** 40] }), { code: 'SAMPLE_INVALID' });
});

test('another shape than the model takes is refused before anything is inflated', async (t) => {
  const encoded = encodeSample({ data: pixels(seededRandom(1)), shape: SHAPE });
  t.throws(() => decodeSample(encoded, [28, 28]), {
    code: 'SAMPLE_INVALID',
    message: /\[1,28,28\], the model takes \[28,28\]/,
  });
  t.throws(() => decodeSample(encoded, [1, 28, 29]), { code: 'SAMPLE_INVALID' });
});

test('an unknown encoding is refused', async (t) => {
  const encoded = { ...encodeSample({ data: new Float32Array(4), shape: [4] }), encoding: 99 as SampleEncoding };
  t.throws(() => decodeSample(encoded, [4]), { code: 'SAMPLE_INVALID', message: /encoding 99/ });
});

test('truncated, longer, oversized and exploding data is refused', async (t) => {
  const shape = [784];
  const honest = encodeSample({ data: pixels(seededRandom(2)), shape });
  const refused = (data: Uint8Array, message: RegExp, name: string): void => {
    t.throws(() => decodeSample({ ...honest, data }, shape), { code: 'SAMPLE_INVALID', message }, name);
  };
  refused(honest.data.subarray(0, honest.data.length - 40), /damaged|too short/, 'truncated');
  refused(new Uint8Array(0), /too short/, 'empty');
  refused(deflateSync(new Uint8Array(783)), /too short/, 'one byte short');
  refused(deflateSync(new Uint8Array(785)), /too long/, 'one byte long');
  refused(deflateSync(new Uint8Array(800_000)), /too long/, 'a bomb, compressed');
  refused(
    deflateSync(
      Uint8Array.from({ length: 800 }, (_, i) => (i * 7919) % 256),
      { level: 0 },
    ),
    /too long/,
    'a longer stored block',
  );
  refused(deflateSync(new Uint8Array(2 ** 24)), /too much compressed data/, 'a bomb');
});

test('20,000 random and mutated streams: an error or a tensor, within memory and time', async (t) => {
  const random = seededRandom(3);
  const honest = encodeSample({ data: pixels(random), shape: SHAPE });
  const started = performance.now();
  let accepted = 0;
  for (let i = 0; i < 20_000; i++) {
    const data =
      i % 2 === 0 ? honest.data.slice() : Uint8Array.from({ length: 1 + random() * 400 }, () => random() * 256);
    if (i % 2 === 0)
      for (let n = 0; n < 1 + random() * 3; n++) data[Math.floor(random() * data.length)] = random() * 256;
    try {
      const tensor = decodeSample({ ...honest, data }, SHAPE);
      if (tensor.data.length !== 784) t.fail('a tensor of another size');
      accepted++;
    } catch (error) {
      if ((error as { code?: string }).code !== 'SAMPLE_INVALID') t.fail(`another error: ${error}`);
    }
  }
  t.ok(accepted > 0, 'some mutations only change pixels');
  t.ok(performance.now() - started < 60_000, 'under 3 ms each');
});
