import type { OutgoingHttpHeaders } from 'node:http';
import type { GrpcStatus } from '@renorm/protocol';
import type { Exchange } from './exchange.js';

/** How a call ends: a gRPC status, its message, and trailers beside them. */
export interface CallStatus {
  readonly code: GrpcStatus;
  readonly details: string;
  readonly trailers?: Readonly<Record<string, number>>;
}

/** What the answers of a call look like. Messages are framed alike in all: a flag, the length, the message. */
export interface AnswerFormat {
  /** Before the first message. @param status asked for at the end */
  begin(exchange: Exchange, status: () => CallStatus): void;
  /** After the last message. */
  end(exchange: Exchange, status: CallStatus): void;
  /** Instead of messages. */
  refuse(exchange: Exchange, status: CallStatus): void;
}

const GRPC_ANSWER: OutgoingHttpHeaders = {
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': 'identity',
};

/** gRPC over HTTP/2: the status travels as HTTP trailers. */
export const GRPC: AnswerFormat = {
  begin: (exchange, status) => exchange.respond(200, GRPC_ANSWER, () => trailers(status())),
  end: (exchange) => exchange.end(),
  refuse: (exchange, status) => exchange.answer(200, { ...GRPC_ANSWER, ...trailers(status) }),
};

/** Of a frame that holds trailers, in gRPC-Web. */
const TRAILERS_FLAG = 0x80;

/**
 * gRPC-Web: the same frames, and the status in a last one, because a page sees no HTTP trailers. See PROTOCOL-WEB.md of
 * grpc/grpc.
 *
 * @param headers that let a page read the answer
 */
export function grpcWeb(headers: OutgoingHttpHeaders): AnswerFormat {
  const begin = (exchange: Exchange): void =>
    exchange.respond(200, { 'content-type': 'application/grpc-web+proto', ...headers });
  const end = (exchange: Exchange, status: CallStatus): void => {
    const lines = Object.entries(trailers(status)).map(([name, value]) => `${name}: ${String(value)}\r\n`);
    exchange.write(framed(Buffer.from(lines.join('')), TRAILERS_FLAG));
    exchange.end();
  };
  return {
    begin,
    end,
    refuse(exchange, status) {
      begin(exchange);
      end(exchange, status);
    },
  };
}

/** What gRPC puts before every message: a flag and the length. */
export const FRAME_PREFIX = 5;

/** A message behind its prefix, uncompressed. */
export function framed(message: Uint8Array, flag = 0): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_PREFIX + message.length);
  frame.writeUInt8(flag, 0);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, FRAME_PREFIX);
  return frame;
}

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
