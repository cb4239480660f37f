import { RenormError } from '@renorm/protocol';
import { FRAME_PREFIX } from './answer-format.js';

/**
 * The one message of a request as it comes in. What has come is copied into one buffer that doubles as it fills: a peer
 * that announces 16 MiB and sends ten bytes costs ten bytes, and one that sends each byte in a frame of its own costs
 * no object for each.
 */
export class MessageReader {
  readonly #maxBytes: number;
  readonly #prefix = Buffer.alloc(FRAME_PREFIX);
  #prefixBytes = 0;
  #length: number | undefined;
  #body = Buffer.alloc(0);
  #bodyBytes = 0;

  /** @param maxBytes of a message */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of memory that it holds. */
  get held(): number {
    return this.#body.length;
  }

  /**
   * @throws RenormError MESSAGE_TOO_LARGE as soon as the announced length is; REQUEST_INVALID: compressed, or more than
   * one message
   */
  push(chunk: Uint8Array): void {
    let at = 0;
    if (this.#prefixBytes < FRAME_PREFIX) {
      at = Math.min(FRAME_PREFIX - this.#prefixBytes, chunk.length);
      this.#prefix.set(chunk.subarray(0, at), this.#prefixBytes);
      this.#prefixBytes += at;
      if (this.#prefixBytes < FRAME_PREFIX) return;
    }
    this.#length ??= this.#announced();
    const rest = chunk.subarray(at);
    if (rest.length === 0) return;
    const needed = this.#bodyBytes + rest.length;
    if (needed > this.#length) throw invalid('holds more than one message');
    if (needed > this.#body.length) this.#grow(needed, this.#length);
    this.#body.set(rest, this.#bodyBytes);
    this.#bodyBytes = needed;
  }

  /** @returns the message @throws RenormError REQUEST_INVALID: it is cut short */
  end(): Uint8Array {
    if (this.#length === undefined) throw invalid('ends before its message begins');
    if (this.#bodyBytes < this.#length) throw invalid(`ends after ${this.#bodyBytes} of ${this.#length} bytes`);
    return this.#body.subarray(0, this.#length);
  }

  /** Gives its memory back. */
  drop(): void {
    this.#body = Buffer.alloc(0);
  }

  #announced(): number {
    const length = this.#prefix.readUInt32BE(1);
    if (length > this.#maxBytes) {
      const text = `the request has ${length} bytes, which is larger than the ${this.#maxBytes} that this cloud takes; send fewer samples at a time, or raise the cloud's limit maxMessageBytes.`;
      throw new RenormError('MESSAGE_TOO_LARGE', text);
    }
    if (this.#prefix.readUInt8(0) !== 0) throw invalid('is compressed, which this cloud does not take');
    return length;
  }

  #grow(needed: number, most: number): void {
    const body = Buffer.alloc(Math.min(most, Math.max(1024, needed, 2 * this.#body.length)));
    body.set(this.#body.subarray(0, this.#bodyBytes));
    this.#body = body;
  }
}

const invalid = (what: string): RenormError =>
  new RenormError('REQUEST_INVALID', `the request ${what}; send one uncompressed gRPC message for each call.`);
