import { open } from 'node:fs/promises';
import { RenormError, reasonOf, unreadable } from '@renorm/protocol';

/** What the head of a .npy file says (NEP 1, format versions 1 to 3). */
export interface NpyHead {
  /** As in '|u1', '<i8'. */
  readonly type: string;
  readonly shape: readonly number[];
  /** Bytes before the first element. */
  readonly offset: number;
}

/** An array of a .npy file, whose rows along the first axis are read when they are asked for. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly type: string;
  /** Bytes of row `index` along the first axis, little-endian. */
  row(index: number): Promise<Uint8Array>;
}

/** Enough for any head that NumPy writes of a plain array. */
const HEAD_BYTES = 4096;
const BYTES: Readonly<Record<string, number>> = {
  u1: 1,
  i1: 1,
  b1: 1,
  u2: 2,
  i2: 2,
  u4: 4,
  i4: 4,
  f4: 4,
  u8: 8,
  i8: 8,
  f8: 8,
};

/**
 * Opens a .npy file. Rows are read from where they stand, so that a file of gigabytes costs what is used of it.
 *
 * @throws RenormError IMAGE_UNREADABLE: it is none, is cut off, or holds what is not numbers in C order
 */
export async function openNpy(path: string): Promise<NpyArray> {
  const fail = (cause: unknown): never => {
    throw unreadable('IMAGE_UNREADABLE', path, cause);
  };
  const file = await open(path).catch(fail);
  try {
    const start = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await file.read(start, 0, HEAD_BYTES, 0);
    const head = parseHead(start.subarray(0, bytesRead), path);
    checkSize(head, (await file.stat()).size, path);
    return arrayOf(head, async (from, length) => {
      const rows = await open(path).catch(fail);
      try {
        const bytes = new Uint8Array(length);
        const read = await rows.read(bytes, 0, length, from).catch(fail);
        if (read.bytesRead !== length) throw damaged(path, 'it became shorter');
        return bytes;
      } finally {
        await rows.close();
      }
    });
  } finally {
    await file.close();
  }
}

/** An array in memory, as it comes out of a .npz. @throws RenormError IMAGE_UNREADABLE */
export function parseNpy(bytes: Uint8Array, name: string): NpyArray {
  const head = parseHead(bytes.subarray(0, HEAD_BYTES), name);
  checkSize(head, bytes.length, name);
  return arrayOf(head, async (from, length) => bytes.subarray(from, from + length));
}

/** All elements of a one-dimensional array of whole numbers. @throws RenormError IMAGE_UNREADABLE */
export async function integersOf(array: NpyArray, name: string): Promise<number[]> {
  const kind = array.type.slice(1);
  const [count = 0, ...rest] = array.shape;
  if (!/^[iu]\d$/.test(kind) || rest.some((size) => size !== 1))
    throw damaged(name, `it is an array of ${array.type} and shape [${array.shape}], not one whole number per image`);
  const values: number[] = [];
  for (let i = 0; i < count; i++) {
    const row = await array.row(i);
    const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
    values.push(kind.endsWith('8') ? Number(view.getBigInt64(0, true)) : integerAt(view, kind));
  }
  return values;
}

function integerAt(view: DataView, kind: string): number {
  switch (kind) {
    case 'u1':
      return view.getUint8(0);
    case 'i1':
      return view.getInt8(0);
    case 'u2':
      return view.getUint16(0, true);
    case 'i2':
      return view.getInt16(0, true);
    case 'u4':
      return view.getUint32(0, true);
    default:
      return view.getInt32(0, true);
  }
}

function parseHead(bytes: Uint8Array, name: string): NpyHead {
  const isNpy =
    bytes.length >= 12 && bytes[0] === 0x93 && Buffer.from(bytes.subarray(1, 6)).toString('latin1') === 'NUMPY';
  if (!isNpy) throw damaged(name, 'it does not begin as a .npy file does');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isShort = bytes[6] === 1;
  const length = isShort ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = isShort ? 10 : 12;
  if (start + length > bytes.length) throw damaged(name, 'its head is cut off or too long');
  const text = Buffer.from(bytes.subarray(start, start + length)).toString('latin1');
  const type = /'descr': '([^']+)'/.exec(text)?.[1];
  const sizes = /'shape': \(([^)]*)\)/.exec(text)?.[1];
  if (type === undefined || sizes === undefined) throw damaged(name, 'its head names no plain type or no shape');
  if (/'fortran_order': True/.test(text))
    throw damaged(name, 'it is in Fortran order; save np.ascontiguousarray of it');
  if (!(type.slice(1) in BYTES) || type.startsWith('>'))
    throw damaged(name, `its elements are ${type}; save them as uint8, or int64 for labels`);
  return {
    type,
    shape: sizes
      .split(',')
      .filter((size) => size.trim() !== '')
      .map(Number),
    offset: start + length,
  };
}

const sizeOf = ({ type }: NpyHead): number => BYTES[type.slice(1)] as number;

function checkSize(head: NpyHead, size: number, name: string): void {
  const expected = head.offset + head.shape.reduce((product, length) => product * length, sizeOf(head));
  if (size < expected) throw damaged(name, `it announces ${expected} bytes and has ${size}`);
}

function arrayOf(head: NpyHead, read: (from: number, length: number) => Promise<Uint8Array>): NpyArray {
  const bytes = head.shape.slice(1).reduce((product, length) => product * length, sizeOf(head));
  return { shape: head.shape, type: head.type, row: (index) => read(head.offset + index * bytes, bytes) };
}

/** The error of a file that is not what it should be. */
export function damaged(name: string, why: unknown): RenormError {
  return new RenormError('IMAGE_UNREADABLE', `${name} cannot be read: ${reasonOf(why)}. Save or copy it again.`);
}
