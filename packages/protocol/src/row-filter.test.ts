import { deflateSync } from 'fflate';
import { test } from 'tap';
import { RowFilter, SampleEncoding } from './gen/renorm/v1/adaptation_pb.js';
import { decodeSample, encodeSample } from './sample-codec.js';

const SHAPE = [2, 2, 3];

/** What a cloud makes of bytes that somebody else encoded. */
function decoded(rowFilter: RowFilter, bytes: number[], encoding = SampleEncoding.UINT8): number[] {
  const sent = { encoding, rowFilter, shape: SHAPE, data: deflateSync(Uint8Array.from(bytes)) };
  return Array.from(decodeSample(sent, SHAPE).data, (value) => Math.round(value * 255));
}

test('bytes are differences to their neighbours in the plane of the last two axes, modulo 256', async (t) => {
  const given = [10, 1, 255, 2, 0, 3, 100, 0, 0, 1, 1, 1];
  t.same(decoded(RowFilter.UNSPECIFIED, given), given);
  t.same(decoded(RowFilter.WEST, given), [10, 11, 10, 2, 2, 5, 100, 100, 100, 1, 2, 3]);
  t.same(decoded(RowFilter.NORTH, given), [10, 1, 255, 12, 1, 2, 100, 0, 0, 101, 1, 1]);
  // Second row: 10 (north) + 2; then west 12, north 11, corner 10: 12 + 0; then west 12, north 10, corner 11: west +
  // north - corner = 11.
  t.same(decoded(RowFilter.PAETH, given), [10, 11, 10, 12, 12, 14, 100, 100, 100, 101, 102, 103]);
});

test('a smooth picture takes fewer bytes by a row filter, and comes back to the bit', async (t) => {
  const shape = [3, 40, 30];
  const data = Float32Array.from(
    { length: 3600 },
    (_, i) => Math.round(128 + 90 * Math.sin(i / 37) * Math.cos(Math.floor(i / 30) / 9)) / 255,
  );
  const encoded = encodeSample({ data, shape });
  t.not(encoded.rowFilter, RowFilter.UNSPECIFIED);
  const plain = deflateSync(Uint8Array.from(data, (value) => Math.round(value * 255)));
  t.ok(encoded.data.length < 0.8 * plain.length, `${encoded.data.length} against ${plain.length}`);
  t.same(decodeSample(encoded, shape).data, data);
  const normalized = data.map((value) => (value - 0.45) / 0.225);
  const grid = encodeSample({ data: normalized, shape }, 'auto');
  t.equal(grid.encoding, SampleEncoding.UINT8_CHANNELS);
  t.not(grid.rowFilter, RowFilter.UNSPECIFIED);
  const back = decodeSample(grid, shape).data;
  t.ok(normalized.every((value, i) => Math.abs(value - (back[i] as number)) < 2 ** -7 / 255 / 0.225));
});

test('a row filter that nobody knows, or of elements that are no bytes, is refused', async (t) => {
  t.throws(() => decoded(9 as RowFilter, Array(12).fill(0)), { code: 'SAMPLE_INVALID', message: /row filter 9/ });
  t.throws(() => decoded(RowFilter.WEST, Array(24).fill(0), SampleEncoding.FLOAT16), {
    code: 'SAMPLE_INVALID',
    message: /encoding 3 does not take/,
  });
});
