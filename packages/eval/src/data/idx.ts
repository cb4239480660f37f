import { gunzipSync } from 'node:zlib';
import { RenormError, reasonOf } from '@renorm/protocol';

/** An array of bytes with its sizes, as the MNIST family of data sets stores them. */
export interface IdxArray {
  readonly sizes: readonly number[];
  readonly data: Uint8Array;
}

const UNSIGNED_BYTES = 0x08;

/**
 * Reads an IDX file: two zero bytes, the element type, the number of dimensions, their sizes as big-endian uint32, the
 * elements.
 *
 * @param bytes the file, compressed with gzip or plain
 * @param name what error messages call it
 * @throws RenormError IMAGE_UNREADABLE: truncated, damaged, or something else
 */
export function readIdx(bytes: Uint8Array, name: string): IdxArray {
  const raw = bytes[0] === 0x1f && bytes[1] === 0x8b ? unpack(bytes, name) : bytes;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const dimensions = raw[3] ?? 0;
  if (raw.length < 4 + 4 * dimensions || view.getUint16(0) !== 0 || raw[2] !== UNSIGNED_BYTES || dimensions === 0) {
    throw damaged(name, 'it does not begin as an IDX file of bytes does');
  }
  const sizes = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const elements = sizes.reduce((product, size) => product * size, 1);
  const data = raw.subarray(4 + 4 * dimensions);
  if (data.length !== elements) throw damaged(name, `it announces ${elements} bytes and has ${data.length}`);
  return { sizes, data };
}

function unpack(bytes: Uint8Array, name: string): Uint8Array {
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    throw damaged(name, `it does not decompress (${reasonOf(cause)})`, cause);
  }
}

function damaged(name: string, why: string, cause?: unknown): RenormError {
  return new RenormError('IMAGE_UNREADABLE', `${name} cannot be read: ${why}. Copy it again.`, { cause });
}
