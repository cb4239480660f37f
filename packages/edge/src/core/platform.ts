import type {
  AnnounceRequest,
  AnnounceResponse,
  Ed25519,
  EncodedSample,
  GivenImage,
  ImageShape,
  LayerMoments,
  ParameterSet,
  Root,
  SampleForm,
  SignedMessage,
  Tensor,
  UploadRequest,
  UploadResponse,
  VersionState,
  WatchRequest,
  WatchResponse,
} from '@renorm/protocol';
import type { Frame } from './sample-input.js';

// The whole seam between a device and its platform: `node/` and `web/` fill it in. What a browser can only do
// asynchronously is asynchronous here.

/** Runs the model, and takes a new version of its parameters while it does. */
export interface Inference {
  /**
   * Predicts one sample with the version that is active when it starts.
   *
   * @param input float32 values of one sample; the caller leaves it alone until the promise settles
   */
  run(input: Float32Array): Promise<InferenceResult>;
  /**
   * Makes a version ready beside the active one, then has every later prediction made by it. Resolves at the switch; on
   * an error the active version goes on. Never called twice at a time.
   *
   * @param prove called before the switch with what predicts by the new version: logits, one for each class. What it
   *   throws is thrown, and there is no switch
   * @throws RenormError VERSION_REFUSED
   */
  load(
    version: VersionState,
    prove?: (predict: (input: Float32Array) => Promise<Float32Array>) => Promise<void>,
  ): Promise<void>;
  /**
   * What the layers see of some images where they normalise by these, off the thread that predicts. The images are
   * given away. Missing where a platform cannot do it.
   *
   * @param images float32 [count, ...shape], row-major
   * @throws RenormError INFERENCE_FAILED, CLOSED
   */
  sketch?(images: Float32Array, count: number): Promise<Measured>;
  /** Encodes a sample for the upload where that holds nobody up. Its values are given away. */
  encode(sample: Tensor): Promise<EncodedSample>;
  /** Ends all threads. Predictions in flight reject with CLOSED. */
  close(): Promise<void>;
}

/** What a batch of images came to in a pass in which each layer normalised by them. */
export interface Measured {
  /** Of each BatchNormalization in graph order. */
  readonly layers: readonly LayerMoments[];
  /** float32 [count, classes], row-major. */
  readonly logits: Float32Array;
}

/**
 * A thread with one session in it. Two of them make an `Inference`: one predicts, the other makes the next version
 * ready.
 */
export interface SessionHost {
  /** False once the thread has ended. */
  readonly alive: boolean;
  /** Whether a prediction can start now. */
  readonly hasFreeSlot: boolean;
  /** Predicts. Only with a session loaded and a free slot. */
  run(input: Float32Array): Promise<InferenceResult>;
  /**
   * Builds a session of a version and warms it up, behind what is in flight; rejects with the reason as a plain Error.
   */
  load(version: number, parameters: ParameterSet | undefined): Promise<void>;
  /** Encodes a sample, whose values it takes away; rejects with the reason as a plain Error. */
  encode(sample: Tensor, form: SampleForm): Promise<EncodedSample>;
  /**
   * Measures a batch of images, which it takes away; rejects with the reason as a plain Error.
   *
   * @param parameters undefined: as exported
   */
  sketch(images: Float32Array, count: number, parameters: ParameterSet | undefined): Promise<Measured>;
  /** Lets the session go once its predictions have come back. */
  release(): void;
  /** Ends the thread behind the prediction that it is computing; what is in flight rejects with CLOSED. */
  end(): Promise<void>;
}

/**
 * Starts a thread.
 *
 * @param onFree called when predictions have been answered, so that others can start
 * @param onDeath called when the thread has ended without having been asked to
 */
export type StartSession = (onFree: () => void, onDeath: () => void) => SessionHost;

/** Image files and pixels, off the thread that predicts. */
export interface ImageCodecs {
  /**
   * The pixels of a model's input: 8 bits a value, channel by channel; and whether a cloud makes the same ones of the
   * file.
   *
   * @throws RenormError IMAGE_UNREADABLE, CLOSED
   */
  photograph(image: GivenImage): Promise<{ readonly pixels: Uint8Array; readonly isPlain: boolean }>;
  /** The same of a frame. @throws RenormError IMAGE_UNREADABLE: another size, where none is fitted; CLOSED */
  frame(image: Omit<GivenImage, 'file'> & { readonly frame: Frame }): Promise<Uint8Array>;
  /** A WebP file of pixels, with loss. @throws RenormError CLOSED */
  file(pixels: {
    readonly pixels: Uint8Array;
    readonly shape: ImageShape;
    readonly quality: number;
  }): Promise<Uint8Array>;
  /** Ends the threads; what they were doing rejects with CLOSED. */
  close(): Promise<void>;
}

/** What an image became. */
export interface PreparedImage {
  readonly input: Float32Array;
  /** The file that it came from, where a cloud makes the same of it. */
  readonly file?: Uint8Array;
}

/** Images as they come from a camera, for a model that takes them. */
export interface Images {
  /** The model's input of a JPEG, PNG or WebP file, or of a frame. @throws RenormError IMAGE_UNREADABLE, CLOSED */
  prepare(image: Uint8Array | Frame): Promise<PreparedImage>;
  /**
   * A sample as an image file: the one that it came from, or a smaller one if the device may lose something; undefined
   * if it is to travel as a tensor. @throws RenormError CLOSED
   */
  encode(input: Float32Array, file: Uint8Array | undefined): Promise<EncodedSample | undefined>;
  /** Ends all threads. */
  close(): Promise<void>;
}

/** The outcome of one inference. */
export interface InferenceResult {
  /** One for each class. */
  readonly logits: Float32Array;
  /** The version of the session that computed them. */
  readonly version: number;
}

/** Bytes of gRPC messages as serialized, with their frame prefix of 5 bytes; not HTTP/2 headers or TCP. */
export interface WireCounters {
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** The calls of the protocol. Every rejection is a RenormError. */
export interface Transport {
  announce(request: AnnounceRequest): Promise<AnnounceResponse>;
  upload(request: UploadRequest): Promise<UploadResponse>;
  /**
   * Opens the stream of versions. `onEnd` is called once, unless the stream is cancelled by the function that comes
   * back.
   */
  watch(request: WatchRequest, handlers: WatchHandlers): () => void;
  readonly counters: WireCounters;
  close(): void;
}

/** What a Watch stream brings. */
export interface WatchHandlers {
  onResponse(response: WatchResponse): void;
  onEnd(error: unknown): void;
}

/** Time, and the work that may wait. */
export interface Clock {
  /**
   * Milliseconds since the Unix epoch: for what expires on a date and for what people read. It may be set back or
   * ahead.
   */
  now(): number;
  /** Milliseconds from some beginning, which nobody sets: for intervals. */
  monotonic(): number;
  /** Calls back after some milliseconds; the function that comes back cancels. */
  after(ms: number, callback: () => void): () => void;
  /** Calls back when the caller's own continuations have run: for work off the latency path. */
  soon(callback: () => void): void;
}

/** Randomness. */
export interface Random {
  /** Uniform in [0, 1). */
  fraction(): number;
  /** Unpredictable bytes. */
  bytes(count: number): Uint8Array;
}

/** What a device trusts: the root that it was set up with, and the platform's Ed25519. */
export interface Trust {
  readonly ed25519: Ed25519;
  /** Has followed the roots in `recalled`. */
  readonly root: Root;
  /** Keeps what must not be forgotten over a restart. Without it a device does not know that it has been further. */
  readonly memory?: TrustMemory;
  /** What the memory held when the device was opened. */
  readonly recalled?: Recalled;
}

/** What a device must not forget. */
export interface Remembered {
  /** The number of the newest version that was taken; 0 at first. */
  readonly newest: number;
  /** Public keys that vouched for it, 32 bytes each. */
  readonly vouchedBy: readonly Uint8Array[];
  /** The roots that followed the one that the device was set up with, oldest first. */
  readonly roots: readonly SignedMessage[];
}

/** What a memory holds when it is opened. */
export interface Recalled extends Remembered {
  /** Why nothing is left of what was remembered; undefined if nothing was lost. */
  readonly lost?: string;
}

/** Keeps it over a restart. */
export interface TrustMemory {
  /** Never called twice at a time. @throws RenormError DATA_NOT_WRITABLE */
  write(remembered: Remembered): Promise<void>;
}

/**
 * What survives a device: records by key. Small ones; a key is 1 to 128 characters of printable ASCII. One device at a
 * time has a store open. Fill it in with an embedded database that is crash-safe by itself;
 * `store-contract.test-support.ts` tries it.
 */
export interface DeviceStore {
  /** The record under a key; undefined if there is none. @throws RenormError DATA_DAMAGED, DATA_NOT_WRITABLE, CLOSED */
  get(key: string): Promise<Uint8Array | undefined>;
  /** The records whose keys begin with a prefix, in the order of their keys. @throws as `get` */
  list(prefix: string): Promise<readonly StoredRecord[]>;
  /**
   * Puts and removes records: all of them or none, whenever the process or the power goes. Resolves when nothing takes
   * it back. Never called twice at a time.
   *
   * @throws RenormError DATA_NOT_WRITABLE: the disk is full, for example. All of it may still come true later, or none.
   *   A later call may succeed
   */
  write(changes: readonly RecordChange[]): Promise<void>;
  /** Takes what was removed off the disk as well, where removing alone leaves it there for a while. */
  purge?(): Promise<void>;
  /** Lets others open it. */
  close(): Promise<void>;
}

/** A record and its key. */
export interface StoredRecord {
  readonly key: string;
  readonly value: Uint8Array;
}

/** A record as it is to be: put, or without a value removed. Of two with one key the later counts. */
export interface RecordChange {
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

/** A store that was opened. */
export interface OpenedStore {
  readonly store: DeviceStore;
  /** Why something that was in it may be gone; undefined if nothing is. */
  readonly lost?: string;
}
