import { create, fromBinary, type Message, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { test } from 'tap';
import { compress } from './deflate.js';
import { SampleEncoding, SketchSchema, UploadRequestSchema } from './gen/renorm/v1/adaptation_pb.js';
import { parseUpload } from './parse-request.js';
import { encodeSample } from './sample-codec.js';
import { decodeSketch, encodeSketch, type Sketch } from './sketch-codec.js';

const FORMAT = { channels: [2, 1], classes: 3 };
const sketch = (scale = 1): Sketch => ({
  images: 4,
  layers: [
    { mean: Float32Array.of(0.5, -2 * scale), variance: Float32Array.of(4, scale * scale) },
    { mean: Float32Array.of(1000), variance: Float32Array.of(0) },
  ],
  served: { entropy: 0.25, predicted: [1, 0, 3] },
  batch: { entropy: 1, predicted: [2, 2, 0] },
});
/** The sketch with other fields. */
const sent = (fields: Exclude<MessageInitShape<typeof SketchSchema>, Message>) => {
  const { images, encoding, moments, served, batch } = fromBinary(SketchSchema, encodeSketch(sketch()).data);
  const message = create(SketchSchema, {
    images,
    encoding,
    moments,
    ...(served && { served }),
    ...(batch && { batch }),
    ...fields,
  });
  return { shape: [], data: toBinary(SketchSchema, message) };
};

test('a sketch comes back: as binary16, or as binary32 where a moment is too large', async (t) => {
  t.same(decodeSketch(encodeSketch(sketch()), FORMAT), sketch());
  const large = sketch(1e5);
  t.same(decodeSketch(encodeSketch(large), FORMAT), large);
  t.ok(encodeSketch(sketch()).data.length < 60, 'bytes');
});

test('what is no sketch of the model is refused, with what is wrong', async (t) => {
  const refuse = (sample: { shape: number[]; data: Uint8Array }, message: RegExp): void => {
    t.throws(() => decodeSketch(sample, FORMAT), { code: 'SAMPLE_INVALID', message });
  };
  const floats = (...values: number[]) => ({
    encoding: SampleEncoding.FLOAT32,
    moments: compress(new Uint8Array(Float32Array.from(values).buffer)),
  });
  refuse({ shape: [1], data: sent({}).data }, /has the shape \[1\]/);
  refuse({ shape: [], data: Uint8Array.of(255, 255, 255) }, /no sketch/);
  for (const images of [0, 1, 65_537]) refuse(sent({ images }), new RegExp(`of ${images} images`));
  refuse(sent({ encoding: SampleEncoding.UINT8 }), /encoding 1/);
  refuse(sent({ moments: Uint8Array.of(1, 2, 3) }), /do not decode \(.*layers have 6/);
  refuse(sent(floats(0, 0, 0, 0, 0)), /too short/);
  refuse(sent(floats(0, 0, 1, 1, Number.NaN, 1)), /moment NaN at index 4/);
  refuse(sent(floats(0, Number.POSITIVE_INFINITY, 1, 1, 0, 1)), /moment Infinity/);
  refuse(sent(floats(0, 0, 1, -1, 0, 1)), /deviation -1 in channel 1 of layer 0/);
  refuse(sent(floats(0, 0, 1, 1, 0, 1e30)), /deviation 1.* in channel 0 of layer 1/);
  const predicted = [4, 0, 0];
  refuse(sent({ served: { entropy: 2, predicted } }), /mean entropy 2 of its version/);
  refuse(sent({ batch: { entropy: Number.NaN, predicted } }), /mean entropy NaN of its batch/);
  refuse(sent({ batch: { entropy: 1, predicted: [4, 0] } }), /4 images in 2 classes/);
  refuse(sent({ served: { entropy: 1, predicted: [4, 1, 0] } }), /5 images/);
});

test('an upload may mix samples and sketches; a cloud that learns nothing from sketches says so', async (t) => {
  const device = { id: 'cam-1', cohort: 'lobby', modelDigest: new Uint8Array(32) };
  const samples = [
    { ...encodeSample({ data: Float32Array.of(0, 1), shape: [2] }), sequence: 1n },
    { ...encodeSketch(sketch()), sequence: 2n, version: 7n, entropy: 0.25 },
  ];
  const request = create(UploadRequestSchema, { device, session: new Uint8Array(16), samples });
  const limits = { shape: [2], maxSamples: 2 };
  const { samples: parsed } = parseUpload(request, { ...limits, sketches: FORMAT });
  t.match(parsed, [
    { kind: 'tensor', sequence: 1 },
    { kind: 'sketch', sequence: 2, version: 7, sketch: sketch() },
  ]);
  t.throws(() => parseUpload(request, limits), {
    code: 'SKETCH_NOT_TAKEN',
    message: /sample 1 .*sequence 2.*--strategy statistics/,
  });
});
