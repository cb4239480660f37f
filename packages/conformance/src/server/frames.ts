/** What gRPC puts before every message: a flag and the length. */
export const FRAME_PREFIX = 5;
/** Of a frame that holds trailers, in gRPC-Web. */
const TRAILERS_FLAG = 0x80;

/** A status, and its message. */
export interface Status {
  readonly status: number;
  readonly details: string;
}

/** gRPC's five bytes before a message. */
export function framed(message: Uint8Array, length = message.length, compressed = 0): Buffer {
  const prefix = Buffer.alloc(FRAME_PREFIX);
  prefix.writeUInt8(compressed, 0);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}

/** Cuts a body into its frames. */
export class FrameReader {
  #bytes = Buffer.alloc(0);
  /** In gRPC-Web, when it has come. */
  status: Status | undefined;

  /** @returns the messages that are whole now */
  push(chunk: Uint8Array): Uint8Array[] {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const messages: Uint8Array[] = [];
    while (this.#bytes.length >= FRAME_PREFIX) {
      const end = FRAME_PREFIX + this.#bytes.readUInt32BE(1);
      if (this.#bytes.length < end) break;
      const flag = this.#bytes.readUInt8(0);
      const frame = new Uint8Array(this.#bytes.subarray(FRAME_PREFIX, end));
      this.#bytes = this.#bytes.subarray(end);
      if ((flag & TRAILERS_FLAG) === 0) messages.push(frame);
      else this.status = statusOf(Buffer.from(frame).toString('latin1'));
    }
    return messages;
  }
}

function statusOf(text: string): Status | undefined {
  const field = (name: string): string | undefined => new RegExp(`^${name}: ?(.*?)\\r?$`, 'im').exec(text)?.[1];
  const status = field('grpc-status');
  return status === undefined
    ? undefined
    : { status: Number(status), details: decodeURIComponent(field('grpc-message') ?? '') };
}
