import { create, toBinary } from '@bufbuild/protobuf';
import { deflateSync } from 'fflate';
import { float32ToBytes } from '../bytes.js';
import { RowFilter, SampleEncoding, SampleSchema } from '../gen/renorm/v1/adaptation_pb.js';
import { differences, planeOf } from '../row-filter.js';
import { decodeSample, type EncodedSample, encodeSample } from '../sample-codec.js';
import type { Selection } from '../selection.js';

/** Every encoding and every row filter, of values that show where bytes were mixed up. */
export function sampleVectors(): [name: string, bytes: Uint8Array][] {
  const shape = [2, 5, 7];
  const picture = Float32Array.from({ length: 70 }, (_, i) => ((i * i + 3 * (i % 7)) % 256) / 255);
  const normalized = picture.map((value, i) => (value - (i < 35 ? 0.485 : 0.456)) / (i < 35 ? 0.229 : 0.224));
  const rough = picture.map((value, i) => Math.sin(i) * 10 ** ((i % 9) - 4) + value);
  const pixels = Uint8Array.from(picture, (value) => Math.round(value * 255));
  const filtered = (rowFilter: RowFilter): EncodedSample => ({
    ...{ encoding: SampleEncoding.UINT8, rowFilter, shape },
    data: deflateSync(differences(pixels, planeOf(shape), rowFilter)),
  });
  const samples: [string, EncodedSample][] = [
    ['uint8', { encoding: SampleEncoding.UINT8, shape, data: deflateSync(pixels) }],
    ['west', filtered(RowFilter.WEST)],
    ['north', filtered(RowFilter.NORTH)],
    ['paeth', filtered(RowFilter.PAETH)],
    ['float32', encodeSample({ data: rough, shape }, 'exact')],
    ['float16', encodeSample({ data: rough, shape }, 'float16')],
    ['channels', encodeSample({ data: normalized, shape }, 'auto')],
    ['levels', encodeSample({ data: rough, shape }, 'uint8')],
  ];
  const selected = encodeSample({ data: picture, shape });
  const selection = { policy: 'policy-1', reason: 'kept', score: 0.75 };
  const all: [string, EncodedSample & { selection?: Selection }][] = [
    ...samples,
    ['selected', { ...selected, selection }],
    ['selected-without-score', { ...selected, selection: { policy: 'a', reason: 'b' } }],
  ];
  const files = all.flatMap(([name, encoded]): [string, Uint8Array][] => {
    const message = create(SampleSchema, { ...encoded, sequence: 1n, entropy: 0.5 });
    const values = float32ToBytes(decodeSample(encoded, shape).data);
    return [
      [`${name}.sample`, toBinary(SampleSchema, message)],
      [`${name}.sample.f32`, values],
    ];
  });
  const index = all.map(([name, { selection: says }]) => ({
    ...{ file: `${name}.sample`, shape, values: `${name}.sample.f32` },
    ...(says && { selection: says }),
  }));
  return [...files, ['samples.json', new TextEncoder().encode(`${JSON.stringify(index, null, 2)}\n`)]];
}
