import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { GrpcStatus } from '@renorm/protocol';
import { framed } from './message-reader.js';

/** How a call ends: a gRPC status, its message, and trailers beside them. */
export interface CallStatus {
  readonly code: GrpcStatus;
  readonly details: string;
  readonly trailers?: Readonly<Record<string, number>>;
}

const ANSWER: OutgoingHttpHeaders = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': 'identity',
};

/** A peer that has its answer may take so long to end its request before the stream is reset. */
const LINGER_MS = 1_000;

/** One gRPC call on an HTTP/2 stream: its answers and its one status. */
export class Call {
  readonly stream: ServerHttp2Stream;
  /** It answers until somebody ends it. */
  readonly isStream: boolean;
  #responded = false;
  #status: CallStatus | undefined;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #releases: (() => void)[] = [];

  constructor(stream: ServerHttp2Stream, isStream: boolean) {
    this.stream = stream;
    this.isStream = isStream;
    stream.on('error', () => undefined);
    stream.once('close', () => {
      for (const timer of this.#timers) clearTimeout(timer);
    });
  }

  /** The peer left, or has its status. */
  get ended(): boolean {
    return this.#status !== undefined || this.stream.destroyed || this.stream.closed;
  }

  /** Called when the stream has closed, at once if it has. */
  onClose(closed: () => void): void {
    if (this.stream.closed || this.stream.destroyed) closed();
    else this.stream.once('close', closed);
  }

  /** Called whenever the peer has taken what filled its window. */
  onDrain(drained: () => void): void {
    this.stream.on('drain', drained);
  }

  /** Called once, when nothing is held for the call any more. */
  onRelease(release: () => void): void {
    this.#releases.push(release);
  }

  /** Gives back what is held for it. */
  release(): void {
    for (const release of this.#releases.splice(0)) release();
  }

  /** @param ms from now; then `late` is called, unless the stream has closed */
  after(ms: number, late: () => void): () => void {
    const timer = setTimeout(late, ms).unref();
    this.#timers.push(timer);
    return () => clearTimeout(timer);
  }

  /** @returns false: the peer's window is full, wait for `onDrain` */
  write(message: Uint8Array): boolean {
    if (this.ended) return true;
    if (!this.#responded) {
      this.#responded = true;
      this.stream.respond(ANSWER, { waitForTrailers: true });
      this.stream.once('wantTrailers', () => this.stream.sendTrailers(trailers(this.#status ?? OK)));
    }
    return this.stream.write(framed(message));
  }

  /** Ends the call. Nothing after it changes that. */
  end(status: CallStatus = OK): void {
    if (this.ended) return;
    this.#status = status;
    if (this.#responded) this.stream.end();
    else this.stream.respond({ ...ANSWER, ...trailers(status) }, { endStream: true });
    // What still comes of the request is dropped, and soon no more of it is taken. A reset at once would overtake the status.
    this.stream.removeAllListeners('data').resume();
    this.after(LINGER_MS, () => this.stream.close(constants.NGHTTP2_NO_ERROR));
  }
}

const OK: CallStatus = { code: GrpcStatus.Ok, details: '' };

function trailers({ code, details, trailers: more }: CallStatus): OutgoingHttpHeaders {
  return {
    'grpc-status': code,
    ...(details !== '' && { 'grpc-message': percentEncoded(details) }),
    ...more,
  };
}

/** As the gRPC protocol has it: bytes of UTF-8 outside of 0x20 to 0x7E, and the percent sign, as %XX. */
function percentEncoded(text: string): string {
  const escaped = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return [...Buffer.from(text, 'utf8')]
    .map((byte) => (byte < 0x20 || byte > 0x7e || byte === 0x25 ? escaped(byte) : String.fromCharCode(byte)))
    .join('');
}

const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };
/** Timers reach no further. */
const LONGEST_MS = 2 ** 31 - 1;

/** The deadline that a peer gave, in milliseconds from now; undefined: none, or one that is not to be read. */
export function deadlineOf(headers: IncomingHttpHeaders): number | undefined {
  const [, amount, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(String(headers['grpc-timeout'] ?? '')) ?? [];
  const ms = Number(amount) * (UNIT_MS[unit] ?? Number.NaN);
  return Number.isNaN(ms) ? undefined : Math.min(ms, LONGEST_MS);
}
