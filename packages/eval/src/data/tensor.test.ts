import { decodeSample, encodeSample } from '@renorm/protocol';
import { test } from 'tap';
import { toTensor } from './tensor.js';

test('channels become planes', async (t) => {
  const { data, shape } = toTensor({ data: Uint8Array.of(1, 2, 3, 4, 5, 6), width: 2, height: 1, channels: 3 });
  t.same(shape, [3, 1, 2]);
  t.same(
    [...data],
    [1, 4, 2, 5, 3, 6].map((byte) => Math.fround(byte / 255)),
  );
});

test('every byte crosses the wire as one byte', async (t) => {
  const tensor = toTensor({ data: Uint8Array.from({ length: 256 }, (_, i) => i), width: 16, height: 16, channels: 1 });
  const sample = encodeSample(tensor);
  t.ok(sample.data.length < 400, `${sample.data.length} bytes`);
  t.same(decodeSample(sample, tensor.shape), tensor);
});
