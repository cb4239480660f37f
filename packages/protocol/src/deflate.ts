import { deflateSync, inflateSync } from 'fflate';

/** Raw DEFLATE (RFC 1951). */
export function compress(bytes: Uint8Array): Uint8Array {
  return deflateSync(bytes, { level: 6 });
}

/** Why compressed bytes were refused. */
export type InflateFailure = 'too much compressed data' | 'damaged' | 'too short' | 'too long';

/**
 * Inflates raw DEFLATE into exactly `size` bytes, whatever the peer sent: memory stays at `size + 1` bytes, and time
 * too is bounded because no more input is read than an honest encoder needs for `size` bytes.
 */
export function inflateExactly(data: Uint8Array, size: number): Uint8Array | InflateFailure {
  if (data.length > longestEncoding(size)) return 'too much compressed data';
  // One byte more than expected tells a stream that is too long from one that ends in time.
  const out = new Uint8Array(size + 1);
  let inflated: Uint8Array;
  try {
    inflated = inflateSync(data, { out });
  } catch (error) {
    return error instanceof RangeError ? 'too long' : 'damaged';
  }
  // With no input at all fflate hands the untouched buffer back.
  if (data.length === 0 || inflated.length < size) return 'too short';
  return inflated.length > size ? 'too long' : inflated;
}

/** Stored blocks (5 bytes for each 65,535) bound what any sensible encoder produces; some slack for worse ones. */
function longestEncoding(size: number): number {
  return size + (size >>> 8) + 64;
}
