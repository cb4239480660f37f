import { RenormError } from './errors.js';
import type { AnnounceRequest, Sample, UploadRequest, WatchRequest } from './gen/renorm/v1/adaptation_pb.js';
import { type PeerDevice, parseDevice, parseReference, type Reference } from './identifiers.js';
import { safeNumber } from './safe-number.js';
import { decodeSample, type EncodedSample, type Tensor } from './sample-codec.js';

/** Length of an upload session's name in bytes. */
export const SESSION_LENGTH = 16;

/** Who calls and what it runs: an AnnounceRequest or a WatchRequest, checked. */
export interface Announcement {
  readonly device: PeerDevice;
  readonly running: Reference;
}

/** A sample that a device handed over, checked and decoded. */
export interface ReceivedSample {
  readonly sequence: number;
  /** The number of the version that made the prediction. */
  readonly version: number;
  /** Of that prediction, in nats. */
  readonly entropy: number;
  readonly tensor: Tensor;
  /** The same tensor as it came, for storing. */
  readonly encoded: EncodedSample;
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
}

/** @throws RenormError REQUEST_INVALID */
export function parseAnnounce(request: AnnounceRequest): Announcement {
  return { device: parseDevice(request.device), running: parseReference('running', request.running) };
}

/** @throws RenormError REQUEST_INVALID */
export function parseWatch(request: WatchRequest): Announcement {
  return { device: parseDevice(request.device), running: parseReference('running', request.running) };
}

/**
 * Checks the frame before any sample is inflated; memory is bounded by `maxSamples` tensors of `shape`.
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
  const samples = request.samples.map((sample, i) => parseSample(sample, sequences[i] as number, limits.shape, i));
  return { device, session: request.session.slice(), samples };
}

function parseSample(sample: Sample, sequence: number, shape: readonly number[], index: number): ReceivedSample {
  if (!Number.isFinite(sample.entropy) || sample.entropy < 0) {
    throw new RenormError(
      'SAMPLE_INVALID',
      `the entropy of sample ${index} (sequence ${sequence}) is ${sample.entropy}; send nats, 0 or more.`,
    );
  }
  const version = safeNumber(sample.version, 'version of a sample', 'REQUEST_INVALID');
  try {
    const tensor = decodeSample(sample, shape);
    const encoded = { encoding: sample.encoding, shape: [...sample.shape], data: sample.data.slice() };
    return { sequence, version, entropy: sample.entropy, tensor, encoded };
  } catch (error) {
    if (!(error instanceof RenormError)) throw error;
    const text = error.message.slice(`${error.code}: `.length);
    throw new RenormError(error.code, `sample ${index} of the upload (sequence ${sequence}): ${text}`, {
      cause: error,
    });
  }
}
