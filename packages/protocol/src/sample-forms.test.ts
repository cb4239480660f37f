import { deflateSync } from 'fflate';
import { test } from 'tap';
import { SampleEncoding } from './gen/renorm/v1/adaptation_pb.js';
import { seededRandom } from './random.js';
import { decodeSample, encodeSample, SAMPLE_FORMS, type SampleForm } from './sample-codec.js';

const SHAPE = [3, 16, 16];
const MEAN = [0.485, 0.456, 0.406];
const DEVIATION = [0.229, 0.224, 0.225];

/** What the other side gets, in binary64 beside what was given. */
function travel(data: Float32Array, shape: readonly number[], form: SampleForm) {
  const encoded = encodeSample({ data, shape }, form);
  return { encoding: encoded.encoding, data: decodeSample(encoded, shape).data };
}

const normalized = (random: () => number): Float32Array =>
  Float32Array.from({ length: 768 }, (_, i) => {
    const channel = Math.floor(i / 256);
    // A smooth picture with some noise, as neighbouring levels occur in every photograph.
    const level = Math.round(120 + 80 * Math.sin(i / 40) + random() * 20);
    return (Math.fround(level / 255) - (MEAN[channel] as number)) / (DEVIATION[channel] as number);
  });

const gaussian = (random: () => number, scale: number): Float32Array =>
  Float32Array.from({ length: 768 }, () => scale * (random() + random() + random() - 1.5));

test('a normalized image travels as one byte per element and comes back within 2^-7 of a level', async (t) => {
  const given = normalized(seededRandom(1));
  const { encoding, data } = travel(given, SHAPE, 'auto');
  t.equal(encoding, SampleEncoding.UINT8_CHANNELS);
  const level = 1 / 255 / 0.229;
  t.ok(given.every((value, i) => Math.abs((data[i] as number) - value) <= level * 2 ** -7));
});

test('a tensor that is no image travels as float16, within 2^-11 of each value or 2^-25', async (t) => {
  for (const scale of [1e-6, 1e-3, 1, 1000]) {
    const given = gaussian(seededRandom(2), scale);
    const { encoding, data } = travel(given, SHAPE, 'auto');
    t.equal(encoding, SampleEncoding.FLOAT16);
    const within = (value: number, i: number): boolean =>
      Math.abs((data[i] as number) - value) <= Math.max(Math.abs(value) * 2 ** -11, 2 ** -25);
    t.ok(given.every(within), `scale ${scale}`);
  }
});

test('uint8 has 256 levels for each channel and comes back within 0.501 of one', async (t) => {
  for (const scale of [1e-6, 1, 1e30]) {
    const given = gaussian(seededRandom(3), scale).map((value, i) => (i < 256 ? value / 100 : value + 5 * scale));
    const { encoding, data } = travel(given, SHAPE, 'uint8');
    t.equal(encoding, SampleEncoding.UINT8_CHANNELS);
    for (let channel = 0; channel < 3; channel++) {
      const part = given.subarray(channel * 256, channel * 256 + 256);
      const level = (Math.max(...part) - Math.min(...part)) / 255;
      const within = 0.501 * level + 2 ** -23 * Math.max(...part.map(Math.abs));
      t.ok(
        part.every((value, i) => Math.abs((data[channel * 256 + i] as number) - value) <= within),
        `scale ${scale}, channel ${channel}`,
      );
    }
  }
});

test('pixels lose nothing in any form', async (t) => {
  const given = Float32Array.from({ length: 256 }, (_, k) => k / 255);
  for (const form of SAMPLE_FORMS) t.same(travel(given, [256], form).data, given, form);
});

test('what is too large for a form travels as float32', async (t) => {
  const given = Float32Array.of(0.1, -65520, 3.3, 3.4e38);
  for (const form of ['float16', 'uint8'] as const) {
    const { encoding, data } = travel(given, [4], form);
    t.equal(encoding, SampleEncoding.FLOAT32, form);
    t.same(data, given);
  }
});

test('a channel of one value comes back as it was', async (t) => {
  t.same(travel(new Float32Array(4).fill(0.3), [1, 2, 2], 'uint8').data, new Float32Array(4).fill(0.3));
});

test('damaged samples of the smaller encodings are refused: length, and values that are not finite', async (t) => {
  const sent = (encoding: SampleEncoding, bytes: Uint8Array) => ({ encoding, shape: [1, 2], data: deflateSync(bytes) });
  const refused = (encoding: SampleEncoding, bytes: Uint8Array, message: RegExp): void => {
    t.throws(() => decodeSample(sent(encoding, bytes), [1, 2]), { code: 'SAMPLE_INVALID', message });
  };
  refused(SampleEncoding.FLOAT16, new Uint8Array(3), /too short/);
  refused(SampleEncoding.FLOAT16, new Uint8Array(5), /too long/);
  refused(SampleEncoding.FLOAT16, Uint8Array.of(0, 0, 0x7c, 0), /Infinity at index 0/);
  refused(SampleEncoding.UINT8_CHANNELS, new Uint8Array(9), /too short/);
  refused(SampleEncoding.UINT8_CHANNELS, new Uint8Array(11), /too long/);
  const header = new Uint8Array(Float32Array.of(3e38, 3e38).buffer);
  refused(SampleEncoding.UINT8_CHANNELS, Uint8Array.of(...header, 0, 9), /Infinity at index 1/);
});
