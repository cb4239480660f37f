import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client, credentials } from '@grpc/grpc-js';
import {
  adaptationService,
  create,
  decodeSample,
  errorFromGrpc,
  exportedVersion,
  normalizePixels,
  type Preprocessing,
  PreprocessingSchema,
  preprocessingMessage,
  type RenormError,
  SampleEncoding,
  UploadRequestSchema,
} from '@renorm/protocol';
import { grpcDefinition } from '@renorm/protocol/node';
import { type Test, test } from 'tap';
import type { Append } from '../store/cohorts.js';
import { Gateway } from './gateway.js';
import { GATEWAY_LIMITS } from './gateway-limits.js';
import type { GatewayCohorts } from './gateway-setup.js';

const folder = fileURLToPath(new URL('../../../../proto/vectors/', import.meta.url));
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(`${folder}${name}`));
const { upload } = grpcDefinition(adaptationService);
const edgeDigest = new Uint8Array(32).fill(6);

interface Vector {
  readonly file: string;
  readonly pixels: string;
  readonly preprocessing: Preprocessing;
  readonly shape: number[];
}

/** A gateway of a model with this input, and a caller that uploads one image to it. */
async function start(t: Test, sampleShape: readonly number[]) {
  const stored: Append[] = [];
  const cohorts: GatewayCohorts = {
    names: async () => [],
    standing: async () => ({ received: 0, trained: 0, version: undefined }),
    append: async (append) => {
      stored.push(append);
      return { acknowledged: append.samples.at(-1)?.sequence ?? 0, duplicates: 0 };
    },
    latest: async () => undefined,
    versionsAfter: async () => [],
    watch: () => () => undefined,
  };
  const gateway = new Gateway({
    ...{ cohorts, edgeDigest, sampleShape, limits: GATEWAY_LIMITS },
    exported: exportedVersion(new Map([['bn/gamma', Float32Array.of(1, 2)]])).parameters,
    onAnnounced: () => undefined,
    onUploaded: () => undefined,
    onError: () => undefined,
  });
  const port = await gateway.listen('127.0.0.1', 0);
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  t.teardown(async () => {
    client.close();
    await gateway.close();
  });
  const send = (data: Uint8Array, preprocessing: object | undefined, shape = sampleShape): Promise<string> => {
    const sample = { sequence: 1n, encoding: SampleEncoding.IMAGE, shape: [...shape], data, entropy: 1 };
    const request = create(UploadRequestSchema, {
      device: { id: 'cam-1', cohort: 'lobby', modelDigest: edgeDigest },
      session: new Uint8Array(16),
      samples: [{ ...sample, ...(preprocessing && { preprocessing: create(PreprocessingSchema, preprocessing) }) }],
    });
    return new Promise((resolve) =>
      client.makeUnaryRequest(upload.path, upload.requestSerialize, upload.responseDeserialize, request, (error) =>
        resolve(error === null ? 'ok' : (errorFromGrpc(error) as RenormError).message),
      ),
    );
  };
  return { send, stored };
}

test('the cloud keeps the tensor that the device predicted with: pixels to the bit, normalized values within 2^-21', async (t) => {
  const vectors = JSON.parse(readFileSync(`${folder}images.json`, 'utf8')) as Vector[];
  for (const { file, pixels, preprocessing, shape } of vectors) {
    const { send, stored } = await start(t, shape);
    t.equal(await send(read(file), preprocessingMessage(preprocessing)), 'ok', file);
    const [sample] = stored[0]?.samples ?? [];
    if (sample === undefined) throw new Error('nothing was stored');
    const kept = decodeSample(sample, shape).data;
    const predicted = normalizePixels(read(pixels), preprocessing);
    if (preprocessing.mean === undefined) t.same(kept, predicted, file);
    const largest = Math.max(...predicted.map(Math.abs));
    t.ok(
      predicted.every((value, i) => Math.abs(value - (kept[i] as number)) <= largest * 2 ** -21),
      file,
    );
  }
});

test('an image that the cloud cannot follow is refused with its place, and nothing is kept', async (t) => {
  const { send, stored } = await start(t, [3, 28, 28]);
  const stretch = preprocessingMessage({ fit: 'stretch' });
  const png = read('colour.png');
  const bomb = Uint8Array.from(png);
  new DataView(bomb.buffer).setUint32(16, 60_000);
  new DataView(bomb.buffer).setUint32(20, 60_000);
  const cases: [string, RegExp, Uint8Array, object | undefined, number[]?][] = [
    ['truncated', /sample 0 of the upload \(sequence 1\): .*decoded/, png.subarray(0, 900), stretch],
    ['no image', /no JPEG, PNG or WebP/, new TextEncoder().encode('<svg width="9" height="9"/>'), stretch],
    ['too many pixels', /60000 x 60000|pixel limit|decoded/i, bomb, stretch],
    ['another size', /80 x 61 pixels, the model takes 28 x 28/, read('photo.jpg'), { fit: 1 }],
    ['no preprocessing', /no fit/, png, undefined],
    ['a fit of later versions', /no fit/, png, { fit: 9 }],
    ['a filter of later versions', /no filter/, png, { fit: 2, filter: 9 }],
    ['a crop that does not cover', /shorterSide is 20/, png, { fit: 3, filter: 1, shorterSide: 20 }],
    ['a mean too few', /mean has 2 values/, png, { fit: 1, mean: [0, 0], std: [1, 1] }],
    ['a std of 0', /std is/, png, { fit: 1, mean: [0, 0, 0], std: [1, 0, 1] }],
    ['NaN', /mean is/, png, { fit: 1, mean: [0, Number.NaN, 0], std: [1, 1, 1] }],
    ['another shape', /takes \[3,28,28\]/, png, stretch, [3, 27, 28]],
  ];
  for (const [name, message, data, preprocessing, shape] of cases) {
    const answer = await send(data, preprocessing, shape);
    t.match(answer, /^SAMPLE_INVALID: /, name);
    t.match(answer, message, name);
  }
  t.same(stored, []);
  t.equal(await send(png, stretch), 'ok', 'the same peer is served afterwards');
});

test('a model that takes no images refuses them', async (t) => {
  const { send } = await start(t, [40]);
  t.match(await send(read('colour.png'), preprocessingMessage({ fit: 'none' })), /SAMPLE_INVALID: .*images only where/);
});
