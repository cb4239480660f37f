import { bytesToFloat32, float32ToBytes, indexOfNonFinite } from './bytes.js';
import { compress, inflateExactly } from './deflate.js';
import { RenormError } from './errors.js';
import { type Sample, SampleEncoding } from './gen/renorm/v1/adaptation_pb.js';

/** One input of a model without its batch axis: finite float32 values, row-major. */
export interface Tensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** The part of a sample message that carries the tensor. */
export type EncodedSample = Pick<Sample, 'encoding' | 'shape' | 'data'>;

/** The most elements that a sample may have, whatever the model: 64 Mi, 256 MiB as float32. */
export const MAX_SAMPLE_ELEMENTS = 2 ** 26;

/** Number of elements of a shape. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * Encodes a tensor without loss: one byte an element where every value is exactly float32(k / 255), as pixels are, else float32.
 *
 * @throws RenormError SAMPLE_INVALID: length and shape disagree, or a value is not finite
 */
export function encodeSample(tensor: Tensor): EncodedSample {
  checkTensor(tensor);
  const shape = [...tensor.shape];
  const levels = toLevels(tensor.data);
  return levels === undefined
    ? { encoding: SampleEncoding.FLOAT32, shape, data: compress(float32ToBytes(tensor.data)) }
    : { encoding: SampleEncoding.UINT8, shape, data: compress(levels) };
}

/**
 * Decodes what a peer sent. Memory is bounded by the expected shape, whatever the bytes are.
 *
 * @throws RenormError SAMPLE_INVALID: another shape, unknown encoding, damaged, longer or shorter data, a value that is not finite
 */
export function decodeSample(sample: EncodedSample, expectedShape: readonly number[]): Tensor {
  if (sample.shape.length !== expectedShape.length || sample.shape.some((size, i) => size !== expectedShape[i])) {
    throw invalid(`has shape [${sample.shape}], the model takes [${expectedShape}]`);
  }
  const width = widthOf(sample.encoding);
  const bytes = inflateExactly(sample.data, elementsOf(expectedShape) * width);
  if (typeof bytes === 'string') throw invalid(`has data that does not decode: ${bytes}`);
  const tensor = { data: width === 1 ? fromLevels(bytes) : bytesToFloat32(bytes), shape: [...expectedShape] };
  checkTensor(tensor);
  return tensor;
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

function widthOf(encoding: SampleEncoding): 1 | 4 {
  switch (encoding) {
    case SampleEncoding.UINT8:
      return 1;
    case SampleEncoding.FLOAT32:
      return 4;
    default:
      throw invalid(`has encoding ${encoding}, which this version does not know`);
  }
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
  return Float32Array.from(levels, (level) => level / 255);
}

function invalid(text: string): RenormError {
  return new RenormError('SAMPLE_INVALID', `the sample ${text}; send finite values in the shape of the model's input.`);
}
