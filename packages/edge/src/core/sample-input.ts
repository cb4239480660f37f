import { elementsOf, indexOfNonFinite, RenormError, type Tensor } from '@renorm/protocol';

/**
 * One sample: its values in row-major order, or those with their shape (without the batch axis), or a JPEG, PNG or WebP file,
 * which the preprocessing of the device makes into them.
 */
export type SampleInput = Float32Array | Tensor | ImageInput;

/** An image file. */
export interface ImageInput {
  readonly image: Uint8Array;
}

/** Whether a sample is given as an image file. */
export function isImage(input: SampleInput): input is ImageInput {
  return typeof input === 'object' && 'image' in input && input.image instanceof Uint8Array;
}

/** Checks samples against what a model takes. */
export class SampleChecker {
  readonly #elements: number;

  /** @param shape of the model's input without the batch axis */
  constructor(readonly shape: readonly number[]) {
    this.#elements = elementsOf(shape);
  }

  /**
   * The values of a sample, as they were given and not copied.
   *
   * @throws RenormError SAMPLE_INVALID: another shape or length, or a value that is not finite (its index is named)
   */
  check(input: Exclude<SampleInput, ImageInput>): Float32Array {
    const data = input instanceof Float32Array ? input : this.#dataOf(input);
    if (data.length !== this.#elements) {
      throw invalid(`has ${data.length} values, the model takes [${this.shape}], which is ${this.#elements}`);
    }
    const index = indexOfNonFinite(data);
    if (index >= 0) throw invalid(`has the value ${data[index]} at index ${index}, which is not finite`);
    return data;
  }

  #dataOf(input: Tensor): Float32Array {
    if (!(input?.data instanceof Float32Array) || !Array.isArray(input.shape)) {
      throw invalid('is no Float32Array, no { data: Float32Array, shape: number[] } and no { image: Uint8Array }');
    }
    if (input.shape.length !== this.shape.length || input.shape.some((size, i) => size !== this.shape[i])) {
      throw invalid(`has shape [${input.shape}], the model takes [${this.shape}]`);
    }
    return input.data;
  }
}

function invalid(text: string): RenormError {
  return new RenormError(
    'SAMPLE_INVALID',
    `the sample ${text}; give finite float32 values of one sample, without the batch axis.`,
  );
}
