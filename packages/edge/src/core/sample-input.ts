import { elementsOf, indexOfNonFinite, RenormError, type Tensor } from '@renorm/protocol';

/**
 * One sample: its values in row-major order, or those with their shape (without the batch axis), or a JPEG, PNG or WebP
 * file, or a frame of pixels, which the preprocessing of the device makes into them.
 */
export type SampleInput = Float32Array | Tensor | ImageInput | FrameInput;

/** An image file. */
export interface ImageInput {
  readonly image: Uint8Array;
}

/**
 * Pixels as a camera, a canvas (`ImageData`), sharp (`raw`) or ffmpeg (`rawvideo`) gives them: 8 bits a value, row by
 * row, pixel by pixel, channel by channel.
 */
export interface FrameInput {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 RGB; 2 and 4 with transparency, which is dropped. Default: as many as `data` has for each pixel. */
  readonly channels?: number;
}

/** A frame that was checked. */
export interface Frame {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** Whether a sample is given as pixels. */
export function isFrame(input: SampleInput): input is FrameInput {
  return typeof input === 'object' && input !== null && 'width' in input && 'height' in input && 'data' in input;
}

/** A copy of a frame. @throws RenormError SAMPLE_INVALID: its sizes do not fit its bytes */
export function copyFrame({ data, width, height, channels }: FrameInput): Frame {
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray))
    throw invalidFrame('its data are no Uint8Array or Uint8ClampedArray');
  if (!isSize(width) || !isSize(height)) throw invalidFrame(`it is ${width} x ${height}`);
  const each = channels ?? data.length / (width * height);
  if (![1, 2, 3, 4].includes(each) || data.length !== width * height * each)
    throw invalidFrame(
      `it has ${data.length} bytes for ${width} x ${height} pixels of ${channels ?? '1 to 4'} channels`,
    );
  return { data: new Uint8Array(data), width, height, channels: each };
}

const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;

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
  check(input: Exclude<SampleInput, ImageInput | FrameInput>): Float32Array {
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
      throw invalid(
        'is no Float32Array, no { data: Float32Array, shape: number[] }, no { image: Uint8Array } and no { data: Uint8Array, width, height }',
      );
    }
    if (input.shape.length !== this.shape.length || input.shape.some((size, i) => size !== this.shape[i])) {
      throw invalid(`has shape [${input.shape}], the model takes [${this.shape}]`);
    }
    return input.data;
  }
}

function invalidFrame(text: string): RenormError {
  return new RenormError(
    'SAMPLE_INVALID',
    `the frame is none (${text}); give { data: Uint8Array, width, height, channels }, 8 bits a value.`,
  );
}

function invalid(text: string): RenormError {
  return new RenormError(
    'SAMPLE_INVALID',
    `the sample ${text}; give finite float32 values of one sample, without the batch axis.`,
  );
}
