import { readFile } from 'node:fs/promises';
import { describeModel, parseModel } from '@renorm/onnx';
import {
  type AnnounceRequest,
  AnnounceRequestSchema,
  adaptationService,
  applyVersion,
  create,
  DifferenceSchema,
  decodeDifference,
  decodeSample,
  encodeSample,
  encodeSketch,
  parseAnnounce,
  parseUpload,
  parseWatchResponse,
  preprocessingMessage,
  SAMPLE_FORMS,
  SampleEncoding,
  toBinary,
  UploadRequestSchema,
  WatchResponseSchema,
} from '@renorm/protocol';
import { grpcDefinition } from '@renorm/protocol/node';
import { repositoryPath } from '../repository.js';
import { FILE_TARGETS } from './file-targets.js';
import { madeUpVersions } from './made-up-versions.js';
import { type Prepared, received, type Target } from './target.js';
import { announceResponseTarget, rootsTarget, signedVersionTarget } from './trust-targets.js';

const SERVICE = grpcDefinition(adaptationService);
const DEVICE = { id: 'camera-1', cohort: 'lobby', modelDigest: new Uint8Array(32).fill(9) };
const SAMPLE_SHAPE = [1, 6, 6];

/** Small, and each read by other code: folded layers, layers spelled out, quantized weights, Constant nodes. */
const MODELS = ['batch-norm-1d', 'folded-1d', 'folded-gemm-dynamo', 'float16', 'quantized', 'group-norm-pattern'];

/** Everything that reads what somebody else wrote. */
export const TARGETS: readonly Target[] = [
  {
    name: 'version',
    about: 'WatchResponse, without a signature: parseWatchResponse, applyVersion',
    async prepare(): Promise<Prepared> {
      const { held, versions } = madeUpVersions();
      return {
        corpus: versions.map((version) => toBinary(WatchResponseSchema, create(WatchResponseSchema, { version }))),
        decode: (bytes) => applyVersion(held, parseWatchResponse(received(SERVICE.watch.responseDeserialize, bytes))),
      };
    },
  },
  {
    name: 'difference',
    about: 'the coded numbers of a version alone: decodeDifference',
    async prepare(): Promise<Prepared> {
      const { exported, differences } = madeUpVersions();
      const count = exported.offsets.length;
      return {
        corpus: differences.map(({ data }) => data),
        decode: (data) => decodeDifference(exported.grid, create(DifferenceSchema, { count, data }), 2),
      };
    },
  },
  signedVersionTarget,
  rootsTarget,
  {
    name: 'upload',
    about: 'UploadRequest: parseUpload, which decodes the samples',
    async prepare(): Promise<Prepared> {
      return {
        corpus: [1, 2, 5].map((count) => uploadOf(count)).concat(uploadOfImage(), uploadOfSketch()),
        decode(bytes) {
          const request = received(SERVICE.upload.requestDeserialize, bytes);
          const upload = parseUpload(request, { shape: SAMPLE_SHAPE, maxSamples: 8, sketches: SKETCHES });
          return upload.samples.map((each) => each.kind === 'tensor' && decodeSample(each.encoded, SAMPLE_SHAPE));
        },
      };
    },
  },
  {
    name: 'announce-request',
    about: 'AnnounceRequest: parseAnnounce',
    async prepare(): Promise<Prepared> {
      const running = { number: 3n, digest: new Uint8Array(32).fill(3) };
      const requests = [create(AnnounceRequestSchema, { device: DEVICE, running })];
      return {
        corpus: requests.map((request) => toBinary(AnnounceRequestSchema, request)),
        decode: (bytes) => parseAnnounce(received<AnnounceRequest>(SERVICE.announce.requestDeserialize, bytes)),
      };
    },
  },
  announceResponseTarget,
  {
    name: 'onnx',
    about: 'an ONNX file: parseModel, describeModel',
    async prepare(): Promise<Prepared> {
      const files = MODELS.map((name) => readFile(repositoryPath(`models/patterns/${name}.onnx`)));
      return { corpus: await Promise.all(files), decode: (bytes) => describeModel(parseModel(bytes, 'fuzz.onnx')) };
    },
  },
  ...FILE_TARGETS,
];

const SKETCHES = { channels: [3, 2], classes: 4 };

function uploadOfSketch(): Uint8Array {
  const moments = (count: number) => ({
    mean: Float32Array.from({ length: count }, (_, i) => i / 3),
    variance: new Float32Array(count).fill(2),
  });
  const outlook = { entropy: 0.5, predicted: [3, 0, 4, 1] };
  const sketch = { images: 8, layers: SKETCHES.channels.map(moments), served: outlook, batch: outlook };
  const sample = { ...encodeSketch(sketch), sequence: 1n };
  const request = { device: DEVICE, session: new Uint8Array(16).fill(4), samples: [sample] };
  return toBinary(UploadRequestSchema, create(UploadRequestSchema, request));
}

function uploadOfImage(): Uint8Array {
  const preprocessing = preprocessingMessage({ fit: 'crop', shorterSide: 8, mean: [0.5], std: [0.25] });
  const sample = {
    sequence: 1n,
    encoding: SampleEncoding.IMAGE,
    shape: SAMPLE_SHAPE,
    data: new Uint8Array(9),
    preprocessing,
  };
  const request = { device: DEVICE, session: new Uint8Array(16).fill(4), samples: [sample] };
  return toBinary(UploadRequestSchema, create(UploadRequestSchema, request));
}

function uploadOf(count: number): Uint8Array {
  const samples = Array.from({ length: count }, (_, i) => {
    const pixels = Float32Array.from({ length: 36 }, (_value, at) => ((at * 7 + i) % 256) / 255);
    const data = i === 0 ? pixels : pixels.map((value) => Math.sqrt(value + i));
    return {
      ...encodeSample({ data, shape: SAMPLE_SHAPE }, SAMPLE_FORMS[i % SAMPLE_FORMS.length]),
      sequence: BigInt(i + 1),
      version: 1n,
      entropy: 0.5,
      selection: { policy: 'everything', reason: 'kept', ...(i % 2 === 1 && { score: i }) },
    };
  });
  const request = create(UploadRequestSchema, { device: DEVICE, session: new Uint8Array(16).fill(4), samples });
  return toBinary(UploadRequestSchema, request);
}
