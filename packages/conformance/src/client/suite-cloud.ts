import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import {
  type AnnounceRequest,
  AnnounceRequestSchema,
  AnnounceResponseSchema,
  create,
  fromBinary,
  type Reference,
  toBinary,
  type UploadRequest,
  UploadRequestSchema,
  UploadResponseSchema,
  type WatchRequest,
  WatchRequestSchema,
} from '@renorm/protocol';
import { Violation } from '../case.js';

/** What a device sent, and when. */
export interface Seen<Request> {
  readonly request: Request;
  readonly at: number;
}

/** A status to answer with instead. */
export interface Refusal {
  readonly code: number;
  readonly details: string;
}

type Raw = ServerUnaryCall<Buffer, Buffer>;
type RawStream = ServerWritableStream<Buffer, Buffer>;

const asIs = (bytes: Buffer): Buffer => bytes;
const serialization = {
  ...{ requestSerialize: asIs, requestDeserialize: asIs },
  ...{ responseSerialize: asIs, responseDeserialize: asIs },
};
const pathOf = (name: string): string => `/renorm.v1.AdaptationService/${name}`;
const bytesOf = (buffer: Buffer): Uint8Array => new Uint8Array(buffer);

/** The cloud that a device under test meets: it sends any bytes and remembers all that came. */
export class SuiteCloud {
  readonly announcements: Seen<AnnounceRequest>[] = [];
  readonly watches: (Seen<WatchRequest> & { readonly call: RawStream })[] = [];
  readonly uploads: Seen<UploadRequest>[] = [];
  /** What announcements are answered with; undefined: never. */
  onAnnounce: (request: AnnounceRequest) => Uint8Array | Refusal | undefined;
  onUpload: (request: UploadRequest) => Uint8Array | Refusal | undefined;
  readonly #server = new Server({ 'grpc.max_send_message_length': -1 });
  #port = 0;
  #changed: () => void = () => undefined;

  private constructor(latest: Reference) {
    this.onAnnounce = () => welcome(latest);
    this.onUpload = ({ samples }) => receipt(samples.at(-1)?.sequence ?? 0n);
  }

  /** @param latest what announcements are told at first */
  static async start(port: number, latest: Reference): Promise<SuiteCloud> {
    const cloud = new SuiteCloud(latest);
    await cloud.#listen(port);
    return cloud;
  }

  get port(): number {
    return this.#port;
  }

  /** Sends bytes on the newest stream. @throws Violation: there is none */
  send(message: Uint8Array): void {
    const call = this.watches.at(-1)?.call;
    if (call === undefined || call.cancelled) throw new Violation('an open Watch', 'none');
    call.write(Buffer.from(message));
  }

  /** Ends the newest stream with success. */
  endStream(): void {
    this.watches.at(-1)?.call.end();
  }

  /** Waits until something holds. @returns whether it came to hold in time */
  async until(holds: () => boolean, timeoutMs: number): Promise<boolean> {
    const end = performance.now() + timeoutMs;
    while (!holds()) {
      const left = end - performance.now();
      if (left <= 0) return false;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 50));
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return true;
  }

  close(): void {
    this.#server.forceShutdown();
  }

  async #listen(port: number): Promise<void> {
    const service = {
      announce: { path: pathOf('Announce'), requestStream: false, responseStream: false, ...serialization },
      upload: { path: pathOf('Upload'), requestStream: false, responseStream: false, ...serialization },
      watch: { path: pathOf('Watch'), requestStream: false, responseStream: true, ...serialization },
    };
    this.#server.addService(service, {
      announce: this.#unary(AnnounceRequestSchema, this.announcements, (request) => this.onAnnounce(request)),
      upload: this.#unary(UploadRequestSchema, this.uploads, (request) => this.onUpload(request)),
      watch: (call: RawStream) => {
        const request = fromBinary(WatchRequestSchema, bytesOf(call.request));
        call.on('error', () => undefined);
        call.on('cancelled', () => this.#changed());
        this.watches.push({ request, at: performance.now(), call });
        this.#changed();
      },
    });
    this.#port = await new Promise((resolve, reject) => {
      this.#server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
  }

  #unary<Request>(
    schema: Parameters<typeof fromBinary>[0],
    seen: Seen<Request>[],
    answer: (request: Request) => Uint8Array | Refusal | undefined,
  ) {
    return (call: Raw, done: sendUnaryData<Buffer>): void => {
      const request = fromBinary(schema, bytesOf(call.request)) as Request;
      const given = answer(request);
      seen.push({ request, at: performance.now() });
      this.#changed();
      if (given === undefined) return;
      if (given instanceof Uint8Array) done(null, Buffer.from(given));
      else done(given);
    };
  }
}

/** An answer to `Announce`. */
export function welcome(
  { number, digest }: Reference,
  more: { maxSamplesPerUpload?: number; budgetLeft?: number; roots?: Uint8Array[] } = {},
): Uint8Array {
  const { maxSamplesPerUpload = 32, budgetLeft = 1, roots = [] } = more;
  const head = toBinary(
    AnnounceResponseSchema,
    create(AnnounceResponseSchema, { latest: { number: BigInt(number), digest }, maxSamplesPerUpload, budgetLeft }),
  );
  // Field 4, length-delimited: roots travel as they were signed, damaged ones too.
  const fields = roots.map((root) => Uint8Array.of(0x22, ...varint(root.length), ...root));
  return Uint8Array.from([head, ...fields].flatMap((part) => [...part]));
}

/** An answer to `Upload`. */
export function receipt(acknowledgedSequence: bigint, budgetLeft = 1): Uint8Array {
  return toBinary(UploadResponseSchema, create(UploadResponseSchema, { acknowledgedSequence, budgetLeft }));
}

const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) + 128, ...varint(value >> 7)]);
