/** What gRPC puts before every message: a flag and the length. */
export const FRAME_PREFIX = 5;
/** Of a frame that holds trailers, in gRPC-Web. */
const TRAILERS_FLAG = 0x80;

/** A frame as it came. */
export type Frame =
  | { readonly kind: 'message'; readonly bytes: Uint8Array<ArrayBuffer> }
  /** Names in lower case. */
  | { readonly kind: 'trailers'; readonly fields: ReadonlyMap<string, string> };

/** A message behind its prefix. */
export function framed(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(FRAME_PREFIX + message.length);
  new DataView(frame.buffer).setUint32(1, message.length);
  frame.set(message, FRAME_PREFIX);
  return frame;
}

/** Cuts a body into its frames as it comes. */
export class FrameReader {
  readonly #most: number;
  readonly #prefix = new Uint8Array(FRAME_PREFIX);
  #prefixBytes = 0;
  #body: Uint8Array<ArrayBuffer> | undefined;
  #bodyBytes = 0;

  /** @param most bytes of a message */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * The frames that are whole now.
   *
   * @throws Error: one is larger than the most, as soon as its length has come, or compressed
   */
  *push(chunk: Uint8Array): Generator<Frame> {
    for (let at = 0; at < chunk.length || this.#body?.length === this.#bodyBytes; ) {
      if (this.#body === undefined) {
        this.#prefix[this.#prefixBytes++] = chunk[at++] as number;
        if (this.#prefixBytes === FRAME_PREFIX) this.#body = this.#allocate();
        continue;
      }
      const part = chunk.subarray(at, at + this.#body.length - this.#bodyBytes);
      this.#body.set(part, this.#bodyBytes);
      this.#bodyBytes += part.length;
      at += part.length;
      if (this.#bodyBytes === this.#body.length) yield this.#end(this.#body);
    }
  }

  #allocate(): Uint8Array<ArrayBuffer> {
    const length = new DataView(this.#prefix.buffer).getUint32(1);
    if (length > this.#most)
      throw new Error(
        `the answer has a message of ${length} bytes, which is larger than the ${this.#most} that are taken`,
      );
    if (((this.#prefix[0] as number) & 1) !== 0) throw new Error('the answer is compressed, which nobody asked for');
    this.#bodyBytes = 0;
    return new Uint8Array(length);
  }

  #end(bytes: Uint8Array<ArrayBuffer>): Frame {
    const isMessage = ((this.#prefix[0] as number) & TRAILERS_FLAG) === 0;
    this.#prefixBytes = 0;
    this.#body = undefined;
    if (isMessage) return { kind: 'message', bytes };
    const lines = new TextDecoder()
      .decode(bytes)
      .split(/\r?\n/)
      .filter((line) => line.includes(':'));
    const field = (line: string): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    };
    return { kind: 'trailers', fields: new Map(lines.map(field)) };
  }
}
