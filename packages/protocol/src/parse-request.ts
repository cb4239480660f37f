import { RenormError } from './errors.js';
import {
  type AnnounceRequest,
  type Sample,
  SampleEncoding,
  type UploadRequest,
  type WatchRequest,
} from './gen/renorm/v1/adaptation_pb.js';
import { type PeerDevice, parseDevice, parseReference, type Reference } from './identifiers.js';
import { type AgreedModel, parseModelFacts } from './model-facts.js';
import { type ImageShape, imageShape, type Preprocessing, parsePreprocessing } from './preprocessing.js';
import { safeNumber } from './safe-number.js';
import { decodeSample, type EncodedSample, type Tensor } from './sample-codec.js';
import { parseSelection, type Selection } from './selection.js';
import { decodeSketch, type Sketch, type SketchFormat } from './sketch-codec.js';

/** Length of an upload session's name in bytes. */
export const SESSION_LENGTH = 16;

/** Who calls and what it runs, checked. */
export interface Announcement {
  readonly device: PeerDevice;
  readonly running: Reference;
}

/** An AnnounceRequest, checked. */
export interface DeviceAnnouncement extends Announcement {
  /** Undefined where the device does not say. */
  readonly model: AgreedModel | undefined;
}

/**
 * A sample that a device handed over, checked: a tensor or a sketch, decoded, or an image that is still to be decoded.
 */
export type ReceivedSample = ReceivedHead &
  (ReceivedTensor | ReceivedSketch | { readonly kind: 'image'; readonly image: GivenImage });

interface ReceivedHead {
  readonly sequence: number;
  /** The number of the version that made the prediction. */
  readonly version: number;
  /** Of that prediction, in nats. */
  readonly entropy: number;
  /** Why the device sent it; undefined where it does not say. */
  readonly selection: Selection | undefined;
}

interface ReceivedTensor {
  readonly kind: 'tensor';
  readonly tensor: Tensor;
  /** The same tensor as it came, for storing. */
  readonly encoded: EncodedSample;
}

interface ReceivedSketch {
  readonly kind: 'sketch';
  readonly sketch: Sketch;
  /** As it came, for storing. */
  readonly encoded: EncodedSample;
}

/** An image file and what makes the model's input of it. */
export interface GivenImage {
  /** JPEG, PNG or WebP; nothing of it has been looked at. */
  readonly file: Uint8Array;
  readonly preprocessing: Preprocessing;
  readonly shape: ImageShape;
}

/** An UploadRequest, checked. */
export interface Upload {
  readonly device: PeerDevice;
  /** 16 bytes. */
  readonly session: Uint8Array;
  /** In rising order of sequence; never empty. */
  readonly samples: readonly ReceivedSample[];
}

/** What the cloud takes. */
export interface UploadLimits {
  /** Shape of a sample without the batch axis. */
  readonly shape: readonly number[];
  readonly maxSamples: number;
  /** What a sketch has to be; undefined where none are taken. */
  readonly sketches?: SketchFormat | undefined;
}

/** @throws RenormError REQUEST_INVALID */
export function parseAnnounce(request: AnnounceRequest): DeviceAnnouncement {
  const device = parseDevice(request.device);
  return { device, running: parseReference('running', request.running), model: parseModelFacts(request.model) };
}

/** @throws RenormError REQUEST_INVALID */
export function parseWatch(request: WatchRequest): Announcement {
  return { device: parseDevice(request.device), running: parseReference('running', request.running) };
}

/**
 * Checks the frame before any sample is inflated; memory is bounded by `maxSamples` tensors of `shape`. Images are left
 * as they are.
 *
 * @throws RenormError REQUEST_INVALID, or SAMPLE_INVALID naming the sample's place and sequence
 */
export function parseUpload(request: UploadRequest, limits: UploadLimits): Upload {
  const device = parseDevice(request.device);
  if (request.session.length !== SESSION_LENGTH) {
    throw new RenormError(
      'REQUEST_INVALID',
      `the session has ${request.session.length} bytes; draw ${SESSION_LENGTH} at random.`,
    );
  }
  const count = request.samples.length;
  if (count < 1 || count > limits.maxSamples) {
    throw new RenormError('REQUEST_INVALID', `the upload has ${count} samples; send 1 to ${limits.maxSamples}.`);
  }
  let last = 0;
  const sequences = request.samples.map((sample) => {
    const sequence = safeNumber(sample.sequence, 'sequence of a sample', 'REQUEST_INVALID');
    if (sequence <= last) {
      throw new RenormError(
        'REQUEST_INVALID',
        `sequence ${sequence} follows ${last}; sequences rise from 1 within a session.`,
      );
    }
    last = sequence;
    return sequence;
  });
  const samples = request.samples.map((sample, i) => parseSample(sample, sequences[i] as number, limits, i));
  return { device, session: request.session.slice(), samples };
}

function parseSample(sample: Sample, sequence: number, limits: UploadLimits, index: number): ReceivedSample {
  if (!Number.isFinite(sample.entropy) || sample.entropy < 0) {
    throw new RenormError(
      'SAMPLE_INVALID',
      `the entropy of sample ${index} (sequence ${sequence}) is ${sample.entropy}; send nats, 0 or more.`,
    );
  }
  const version = safeNumber(sample.version, 'version of a sample', 'REQUEST_INVALID');
  try {
    const head = { sequence, version, entropy: sample.entropy, selection: parseSelection(sample.selection) };
    if (sample.encoding === SampleEncoding.IMAGE)
      return { ...head, kind: 'image', image: givenImage(sample, limits.shape) };
    if (sample.encoding === SampleEncoding.SKETCH) return { ...head, ...givenSketch(sample, limits.sketches) };
    const tensor = decodeSample(sample, limits.shape);
    const { encoding, rowFilter } = sample;
    const encoded = { encoding, rowFilter, shape: [...sample.shape], data: sample.data.slice() };
    return { ...head, kind: 'tensor', tensor, encoded };
  } catch (error) {
    throw inUpload(error, index, sequence);
  }
}

function givenSketch(sample: Sample, format: SketchFormat | undefined): ReceivedSketch {
  if (format === undefined) {
    const text =
      'it is a sketch, and this cloud learns nothing from sketches: its strategy has no use for them, or its model has no BatchNormalization; take --strategy statistics, or upload samples.';
    throw new RenormError('SKETCH_NOT_TAKEN', text);
  }
  const sketch = decodeSketch(sample, format);
  return { kind: 'sketch', sketch, encoded: { encoding: sample.encoding, shape: [], data: sample.data.slice() } };
}

function givenImage(sample: Sample, expected: readonly number[]): GivenImage {
  const { shape: sent } = sample;
  const shape = imageShape(expected);
  if (shape === undefined || sent.length !== 3 || sent.some((size, i) => size !== expected[i])) {
    const text = `the image is for the shape [${sent}], the model takes [${expected}]; send the model's shape, and images only where it is 1 or 3 channels, height and width.`;
    throw new RenormError('SAMPLE_INVALID', text);
  }
  return { file: sample.data, preprocessing: parsePreprocessing(sample.preprocessing, shape), shape };
}

/** An error of one sample, with its place in the upload. */
export function inUpload(error: unknown, index: number, sequence: number): unknown {
  if (!(error instanceof RenormError)) return error;
  const text = `sample ${index} of the upload (sequence ${sequence}): ${error.text}`;
  return new RenormError(error.code, text, { cause: error });
}
