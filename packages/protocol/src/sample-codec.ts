import { bytesToFloat32, float32ToBytes, indexOfNonFinite } from './bytes.js';
import { channelLevelsLength, channelsOf, fromChannelLevels, toChannelLevels } from './channel-levels.js';
import { compress, inflateExactly } from './deflate.js';
import { RenormError } from './errors.js';
import { type Sample, SampleEncoding } from './gen/renorm/v1/adaptation_pb.js';
import { fromHalves, toHalves } from './halves.js';
import type { Preprocessing } from './preprocessing.js';
import { compressFiltered, planeOf, restore } from './row-filter.js';

/** One input of a model without its batch axis: finite float32 values, row-major. */
export interface Tensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** The part of a sample message that carries the tensor, or the image that it is made of. */
export type EncodedSample = Pick<Sample, 'encoding' | 'shape' | 'data' | 'preprocessing'> &
  Partial<Pick<Sample, 'rowFilter'>>;

/** The most elements that a sample may have, whatever the model: 64 Mi, 256 MiB as float32. */
export const MAX_SAMPLE_ELEMENTS = 2 ** 26;

/** Number of elements of a shape. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * How a tensor travels. Pixels, every value exactly float32(k / 255), always travel as one byte each, without loss.
 *
 * - `exact`: anything else as float32.
 * - `auto`: what lies on a grid of at most 256 levels per channel, as a normalized image does, as one byte each, back
 * within
 *   2^-7 of a level and float32 rounding; anything else as `float16`.
 * - `float16`: back within 2^-11 of a value's magnitude, or 2^-25 if that is more.
 * - `uint8`: 256 levels per channel (the first axis), back within 0.501 of a level and 2^-23 of the channel's largest
 * magnitude.
 *
 * A tensor with a magnitude from 65,520 (`float16`) or beyond 2^127 (`uint8`) travels as float32.
 */
export type SampleForm = (typeof SAMPLE_FORMS)[number];

/** The forms there are. */
export const SAMPLE_FORMS = ['auto', 'exact', 'float16', 'uint8'] as const;

/**
 * Encodes a tensor, in the form asked for. The default loses nothing.
 *
 * @throws RenormError SAMPLE_INVALID: length and shape disagree, or a value is not finite
 */
export function encodeSample(tensor: Tensor, form: SampleForm = 'exact'): EncodedSample {
  checkTensor(tensor);
  return { shape: [...tensor.shape], ...encodeValues(tensor, form) };
}

function encodeValues({ data, shape }: Tensor, form: SampleForm): Omit<EncodedSample, 'shape'> {
  const pixels = toLevels(data);
  if (pixels !== undefined) return byteValues(SampleEncoding.UINT8, new Uint8Array(), pixels, shape);
  if (form === 'auto' || form === 'uint8') {
    const levels = toChannelLevels(data, channelsOf(shape), form === 'auto');
    if (levels !== undefined) return byteValues(SampleEncoding.UINT8_CHANNELS, levels.header, levels.bytes, shape);
  }
  if (form === 'auto' || form === 'float16') {
    const bytes = toHalves(data);
    if (bytes !== undefined) return { encoding: SampleEncoding.FLOAT16, data: compress(bytes) };
  }
  return { encoding: SampleEncoding.FLOAT32, data: compress(float32ToBytes(data)) };
}

function byteValues(encoding: SampleEncoding, header: Uint8Array, bytes: Uint8Array, shape: readonly number[]) {
  return { encoding, ...compressFiltered(header, bytes, planeOf(shape)) };
}

/**
 * Decodes what a peer sent. Memory is bounded by the expected shape, whatever the bytes are.
 *
 * @throws RenormError SAMPLE_INVALID: another shape, unknown encoding, damaged, longer or shorter data, a value that is
 *   not finite
 */
export function decodeSample(sample: EncodedSample, expectedShape: readonly number[]): Tensor {
  if (sample.shape.length !== expectedShape.length || sample.shape.some((size, i) => size !== expectedShape[i])) {
    throw invalid(`has shape [${sample.shape}], the model takes [${expectedShape}]`);
  }
  const elements = elementsOf(expectedShape);
  const channels = channelsOf(expectedShape);
  const bytes = inflateExactly(sample.data, lengthOf(sample.encoding, elements, channels));
  if (typeof bytes === 'string') throw invalid(`has data that does not decode: ${bytes}`);
  undoRowFilter(sample, bytes.subarray(bytes.length - elements), expectedShape);
  const tensor = { data: valuesOf(sample.encoding, bytes, channels), shape: [...expectedShape] };
  checkTensor(tensor);
  return tensor;
}

/** @param bytes one per element, where the encoding has bytes; restored in place */
function undoRowFilter({ encoding, rowFilter = 0 }: EncodedSample, bytes: Uint8Array, shape: readonly number[]): void {
  const hasBytes = encoding === SampleEncoding.UINT8 || encoding === SampleEncoding.UINT8_CHANNELS;
  if (!hasBytes && rowFilter !== 0) throw invalid(`has a row filter, which encoding ${encoding} does not take`);
  if (!restore(bytes, planeOf(shape), rowFilter))
    throw invalid(`has the row filter ${rowFilter}, which this version does not know`);
}

function checkTensor({ data, shape }: Tensor): void {
  const elements = elementsOf(shape);
  if (!shape.every((size) => Number.isSafeInteger(size) && size > 0) || elements > MAX_SAMPLE_ELEMENTS) {
    throw invalid(
      `has shape [${shape}]: sizes are positive integers and their product is at most ${MAX_SAMPLE_ELEMENTS}`,
    );
  }
  if (data.length !== elements) throw invalid(`has ${data.length} values, its shape [${shape}] holds ${elements}`);
  const index = indexOfNonFinite(data);
  if (index >= 0) throw invalid(`has the value ${data[index]} at index ${index}, which is not finite`);
}

/** Bytes that a sample takes before it is compressed. */
function lengthOf(encoding: SampleEncoding, elements: number, channels: number): number {
  switch (encoding) {
    case SampleEncoding.UINT8:
      return elements;
    case SampleEncoding.UINT8_CHANNELS:
      return channelLevelsLength(elements, channels);
    case SampleEncoding.FLOAT16:
      return elements * 2;
    case SampleEncoding.FLOAT32:
      return elements * 4;
    case SampleEncoding.IMAGE:
      throw invalid('is an image, where a tensor is expected');
    case SampleEncoding.SKETCH:
      throw invalid('is a sketch, where a tensor is expected');
    default:
      throw invalid(`has encoding ${encoding}, which this version does not know`);
  }
}

function valuesOf(encoding: SampleEncoding, bytes: Uint8Array, channels: number): Float32Array {
  switch (encoding) {
    case SampleEncoding.UINT8:
      return fromLevels(bytes);
    case SampleEncoding.UINT8_CHANNELS:
      return fromChannelLevels(bytes, channels);
    case SampleEncoding.FLOAT16:
      return fromHalves(bytes);
    default:
      return bytesToFloat32(bytes);
  }
}

/**
 * Encodes an image's pixels as the tensor that they are normalized to: as UINT8 without mean and std, to the bit; else
 * as UINT8_CHANNELS, within 2^-21 of the channel's largest magnitude.
 *
 * @param pixels of the model's size, channel by channel
 */
export function encodePixels(
  pixels: Uint8Array,
  shape: readonly number[],
  { mean, std }: Preprocessing,
): EncodedSample {
  if (mean === undefined || std === undefined)
    return { shape: [...shape], ...byteValues(SampleEncoding.UINT8, new Uint8Array(), pixels, shape) };
  const grids = mean.flatMap((of, channel) => {
    const width = Math.fround(std[channel] as number);
    return [1 / 255 / width, -Math.fround(of) / width];
  });
  const header = float32ToBytes(Float32Array.from(grids));
  return { shape: [...shape], ...byteValues(SampleEncoding.UINT8_CHANNELS, header, pixels, shape) };
}

/** The bytes k with value = float32(k / 255) for every value, or undefined. */
function toLevels(values: Float32Array): Uint8Array | undefined {
  const levels = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    levels[i] = Math.round(value * 255);
    // Of what the byte holds, wrapped if out of range. Object.is: -0 is not the 0 that would come out.
    if (!Object.is(Math.fround((levels[i] as number) / 255), value)) return undefined;
  }
  return levels;
}

function fromLevels(levels: Uint8Array): Float32Array {
  // A loop: `Float32Array.from` with a function takes ten times as long, and every sample comes through here twice.
  const values = new Float32Array(levels.length);
  for (let i = 0; i < levels.length; i++) values[i] = (levels[i] as number) / 255;
  return values;
}

function invalid(text: string): RenormError {
  return new RenormError('SAMPLE_INVALID', `the sample ${text}; send finite values in the shape of the model's input.`);
}
