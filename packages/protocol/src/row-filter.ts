import { compress } from './deflate.js';
import { RowFilter } from './gen/renorm/v1/adaptation_pb.js';

/** Rows and columns of the planes in which neighbours are looked for: the last two axes of a shape. */
export interface Plane {
  readonly width: number;
  readonly height: number;
}

/** Bytes, compressed, and how they were filtered. */
export interface Filtered {
  readonly rowFilter: RowFilter;
  readonly data: Uint8Array;
}

const ROW_FILTERS = [RowFilter.WEST, RowFilter.NORTH, RowFilter.PAETH] as const;

/** The planes of a shape. */
export function planeOf(shape: readonly number[]): Plane {
  return { width: shape.at(-1) ?? 1, height: shape.at(-2) ?? 1 };
}

/**
 * Compresses bytes as they are, and as differences to the neighbours whose differences are smallest (the heuristic of
 * PNG encoders); gives the shorter.
 *
 * @param header goes in front as it is
 */
export function compressFiltered(header: Uint8Array, bytes: Uint8Array, plane: Plane): Filtered {
  const framed = (body: Uint8Array): Uint8Array => {
    const all = new Uint8Array(header.length + body.length);
    all.set(header);
    all.set(body, header.length);
    return compress(all);
  };
  const asTheyAre = { rowFilter: RowFilter.UNSPECIFIED, data: framed(bytes) };
  const candidates = ROW_FILTERS.map((rowFilter) => ({ rowFilter, bytes: differences(bytes, plane, rowFilter) }));
  const [best] = candidates
    .map((each) => ({ ...each, magnitude: magnitudeOf(each.bytes) }))
    .sort((a, b) => a.magnitude - b.magnitude);
  if (best === undefined) return asTheyAre;
  const filtered = { rowFilter: best.rowFilter, data: framed(best.bytes) };
  return filtered.data.length < asTheyAre.data.length ? filtered : asTheyAre;
}

/** Undoes a row filter in place. @returns false if this version does not know it */
export function restore(bytes: Uint8Array, plane: Plane, rowFilter: RowFilter): boolean {
  if (rowFilter === RowFilter.UNSPECIFIED) return true;
  if (!(ROW_FILTERS as readonly RowFilter[]).includes(rowFilter)) return false;
  for (let i = 0; i < bytes.length; i++) bytes[i] = (bytes[i] as number) + predict(bytes, i, plane, rowFilter);
  return true;
}

/** What is left of bytes when what their neighbours predict is taken off. */
export function differences(bytes: Uint8Array, plane: Plane, rowFilter: RowFilter): Uint8Array {
  return bytes.map((byte, i) => byte - predict(bytes, i, plane, rowFilter));
}

function predict(bytes: Uint8Array, i: number, { width, height }: Plane, rowFilter: RowFilter): number {
  const isFirstInRow = i % width === 0;
  const isInFirstRow = i % (width * height) < width;
  const west = isFirstInRow ? 0 : (bytes[i - 1] as number);
  const north = isInFirstRow ? 0 : (bytes[i - width] as number);
  if (rowFilter === RowFilter.WEST) return west;
  if (rowFilter === RowFilter.NORTH) return north;
  const corner = isFirstInRow || isInFirstRow ? 0 : (bytes[i - width - 1] as number);
  // The distances of west + north - corner to each.
  const toWest = Math.abs(north - corner);
  const toNorth = Math.abs(west - corner);
  const toCorner = Math.abs(west + north - 2 * corner);
  if (toWest <= toNorth && toWest <= toCorner) return west;
  return toNorth <= toCorner ? north : corner;
}

/** How far the differences are from 0, as signed bytes. */
function magnitudeOf(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum += Math.min(byte, 256 - byte);
  return sum;
}
