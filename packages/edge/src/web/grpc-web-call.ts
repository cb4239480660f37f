import { GrpcStatus } from '@renorm/protocol';
import { FRAME_PREFIX, FrameReader, framed } from './grpc-web-frames.js';

/** Bytes of messages with their frame prefix. */
export interface Counted {
  up: number;
  down: number;
}

export interface CallSettings {
  readonly token: string | undefined;
  /** Largest message that is taken, in bytes. */
  readonly maxMessageBytes: number;
  readonly counted: Counted;
  readonly signal: AbortSignal;
}

/** A call that ended with another status than 0, in the shape that `errorFromGrpc` takes. */
export class CallFailure extends Error {
  readonly code: number;
  readonly details: string;
  readonly #trailers: ReadonlyMap<string, string>;

  constructor(code: number, details: string, trailers: ReadonlyMap<string, string> = new Map()) {
    super(details);
    this.code = code;
    this.details = details;
    this.#trailers = trailers;
  }

  get metadata(): { get(name: string): readonly unknown[] } {
    return { get: (name) => [this.#trailers.get(name)] };
  }
}

/** What HTTP statuses without a gRPC status stand for (gRPC, http-grpc-status-mapping.md). */
const STATUS_OF_HTTP: Readonly<Record<number, GrpcStatus>> = {
  400: GrpcStatus.Internal,
  401: GrpcStatus.Unauthenticated,
  403: GrpcStatus.PermissionDenied,
  404: GrpcStatus.Unimplemented,
  429: GrpcStatus.Unavailable,
  502: GrpcStatus.Unavailable,
  503: GrpcStatus.Unavailable,
  504: GrpcStatus.Unavailable,
};

/**
 * The messages that answer one message, by gRPC-Web (PROTOCOL-WEB.md of grpc/grpc). A hundred lines, in the place of
 * @connectrpc/connect-web: a device would be a fifth larger with it, and it gathers a message whole before anybody sees
 *   its length.
 *
 * @throws CallFailure; what `fetch` throws: nobody is there, or the call was aborted
 */
export async function* callGrpcWeb(
  address: string,
  message: Uint8Array,
  { token, maxMessageBytes, counted, signal }: CallSettings,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const body = framed(message);
  const response = await fetch(address, {
    ...{ method: 'POST', body, signal, cache: 'no-store', credentials: 'omit', redirect: 'error' },
    headers: {
      ...{ 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1' },
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
  });
  counted.up += body.length;
  if (!response.ok || response.body === null)
    throw new CallFailure(STATUS_OF_HTTP[response.status] ?? GrpcStatus.Unknown, `HTTP status ${response.status}`);
  const frames = new FrameReader(maxMessageBytes);
  const reader = response.body.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      for (const frame of frames.push(next.value)) {
        if (frame.kind === 'trailers') {
          checkStatus(frame.fields);
          // Read to its end, where that is at once: a body that is cancelled costs its connection.
          await reader.read();
          return;
        }
        counted.down += FRAME_PREFIX + frame.bytes.length;
        yield frame.bytes;
      }
    }
    throw new CallFailure(GrpcStatus.Unavailable, 'the answer ended without a status');
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

function checkStatus(trailers: ReadonlyMap<string, string>): void {
  const code = Number(trailers.get('grpc-status') ?? GrpcStatus.Unknown);
  if (code !== GrpcStatus.Ok) throw new CallFailure(code, decoded(trailers.get('grpc-message') ?? ''), trailers);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
