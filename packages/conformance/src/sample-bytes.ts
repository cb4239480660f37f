import {
  SampleEncoding as Encoding,
  elementsOf,
  type PreprocessingMessage,
  type SampleEncoding,
} from '@renorm/protocol';
import { deflateSync } from 'fflate';
import { seededBytes } from './seeded.js';

// Samples by hand, not by our own encoder: what another implementation would send.

/** A sample as it is sent, without its sequence. */
export interface PlainSample {
  readonly shape: number[];
  readonly encoding: SampleEncoding;
  readonly data: Uint8Array;
  readonly rowFilter?: number;
  /** Of an image. */
  readonly preprocessing?: PreprocessingMessage;
}

/** Random pixels. */
export function pixels(shape: readonly number[], seed: number): PlainSample {
  const bytes = seededBytes(seed)(elementsOf(shape));
  return { shape: [...shape], encoding: Encoding.UINT8, data: deflateSync(bytes) };
}

/** float16 elements of 1.5: the low bytes of all, then the high bytes. */
export function halves(shape: readonly number[]): PlainSample {
  const count = elementsOf(shape);
  const planes = new Uint8Array(2 * count).fill(0x3e, count);
  return { shape: [...shape], encoding: Encoding.FLOAT16, data: deflateSync(planes) };
}

/** A byte per element on a grid of its channel, the first axis: steps of 1 / 64 from -2. */
export function levels(shape: readonly number[], seed: number): PlainSample {
  const channels = shape.length > 1 ? (shape[0] as number) : 1;
  const view = new DataView(new ArrayBuffer(channels * 8));
  for (let at = 0; at < view.byteLength; at += 8) {
    view.setFloat32(at, 1 / 64, true);
    view.setFloat32(at + 4, -2, true);
  }
  const bytes = Uint8Array.of(...new Uint8Array(view.buffer), ...seededBytes(seed)(elementsOf(shape)));
  return { shape: [...shape], encoding: Encoding.UINT8_CHANNELS, data: deflateSync(bytes) };
}

/** float32 elements, all of the same value. */
export function floats(shape: readonly number[], value: number): PlainSample {
  const view = new DataView(new ArrayBuffer(elementsOf(shape) * 4));
  for (let at = 0; at < view.byteLength; at += 4) view.setFloat32(at, value, true);
  return { shape: [...shape], encoding: Encoding.FLOAT32, data: deflateSync(new Uint8Array(view.buffer)) };
}
