import { SampleEncoding as Encoding, elementsOf, type SampleEncoding } from '@renorm/protocol';
import { deflateSync } from 'fflate';
import { seededBytes } from './seeded.js';

// Samples by hand, not by our own encoder: what another implementation would send.

/** A sample as it is sent, without its sequence. */
export interface PlainSample {
  readonly shape: number[];
  readonly encoding: SampleEncoding;
  readonly data: Uint8Array;
}

/** Random pixels. */
export function pixels(shape: readonly number[], seed: number): PlainSample {
  const bytes = seededBytes(seed)(elementsOf(shape));
  return { shape: [...shape], encoding: Encoding.UINT8, data: deflateSync(bytes) };
}

/** float32 elements, all of the same value. */
export function floats(shape: readonly number[], value: number): PlainSample {
  const view = new DataView(new ArrayBuffer(elementsOf(shape) * 4));
  for (let at = 0; at < view.byteLength; at += 4) view.setFloat32(at, value, true);
  return { shape: [...shape], encoding: Encoding.FLOAT32, data: deflateSync(new Uint8Array(view.buffer)) };
}
