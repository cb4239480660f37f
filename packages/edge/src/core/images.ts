import {
  type EncodedSample,
  faultOf,
  type ImageShape,
  imageShape,
  normalizePixels,
  type Preprocessing,
  pixelsOf,
  preprocessingMessage,
  RenormError,
  SampleEncoding,
  type SampleForm,
} from '@renorm/protocol';
import type { ImageCodecs, Images, PreparedImage } from './platform.js';
import type { Frame } from './sample-input.js';

/** What the user says about images. */
export interface ImageOptions {
  readonly preprocessing?: Preprocessing;
  readonly quality?: number;
  readonly samples?: SampleForm;
}

/**
 * Files in the making. Beyond these samples travel as they are: a device that predicts faster than it encodes must not
 * fill its memory.
 */
const MAX_MAKING = 64;

/**
 * Images of a model that takes them; undefined for other models.
 *
 * @param openCodecs called only for a model that takes images
 * @throws RenormError REQUEST_INVALID
 */
export function openImages(
  shape: readonly number[],
  options: ImageOptions,
  openCodecs: () => ImageCodecs,
): Images | undefined {
  const { preprocessing, quality, samples } = options;
  const fitting = imageShape(shape);
  if (fitting === undefined) {
    if (preprocessing === undefined && quality === undefined) return undefined;
    throw invalid(
      `preprocessing and quality are for models that take 1 or 3 channels, height and width; this one takes [${shape}]. Leave them out`,
    );
  }
  if (quality !== undefined && !(Number.isInteger(quality) && quality >= 1 && quality <= 100))
    throw invalid(`the option quality is ${quality}; it has to be an integer from 1 to 100`);
  if (quality !== undefined && samples === 'exact')
    throw invalid('the option quality loses something and samples: exact does not; leave one out');
  const fault = preprocessing && faultOf(preprocessing, fitting);
  if (fault !== undefined) throw invalid(`the option preprocessing cannot be followed: ${fault}`);
  return new ModelImages(openCodecs(), fitting, preprocessing ?? { fit: 'stretch' }, quality, samples !== 'exact');
}

class ModelImages implements Images {
  readonly #codecs: ImageCodecs;
  readonly #shape: ImageShape;
  readonly #preprocessing: Preprocessing;
  readonly #quality: number | undefined;
  readonly #sendsFiles: boolean;
  #making = 0;

  constructor(
    codecs: ImageCodecs,
    shape: ImageShape,
    preprocessing: Preprocessing,
    quality: number | undefined,
    sendsFiles: boolean,
  ) {
    this.#codecs = codecs;
    this.#shape = shape;
    this.#preprocessing = preprocessing;
    this.#quality = quality;
    this.#sendsFiles = sendsFiles;
  }

  async prepare(image: Uint8Array | Frame): Promise<PreparedImage> {
    const how = { preprocessing: this.#preprocessing, shape: this.#shape };
    if (!(image instanceof Uint8Array))
      return { input: normalizePixels(await this.#codecs.frame({ ...how, frame: image }), this.#preprocessing) };
    const { pixels, isPlain } = await this.#codecs.photograph({ ...how, file: image });
    return { input: normalizePixels(pixels, this.#preprocessing), ...(isPlain && { file: image }) };
  }

  async encode(input: Float32Array, file: Uint8Array | undefined): Promise<EncodedSample | undefined> {
    if (!this.#sendsFiles) return undefined;
    const given = file && this.#sample(file, this.#preprocessing);
    const pixels = this.#quality === undefined ? undefined : pixelsOf(input, this.#preprocessing);
    if (pixels === undefined || this.#quality === undefined || this.#making >= MAX_MAKING) return given;
    this.#making++;
    const { fit: _fit, shorterSide: _side, ...normalization } = this.#preprocessing;
    const making = this.#codecs.file({ pixels, shape: this.#shape, quality: this.#quality });
    const data = await making.finally(() => this.#making--);
    const made = this.#sample(data, { ...normalization, fit: 'none' });
    return given !== undefined && given.data.length <= made.data.length ? given : made;
  }

  close(): Promise<void> {
    return this.#codecs.close();
  }

  #sample(data: Uint8Array, preprocessing: Preprocessing): EncodedSample {
    return {
      encoding: SampleEncoding.IMAGE,
      shape: [...this.#shape],
      data,
      preprocessing: preprocessingMessage(preprocessing),
    };
  }
}

function invalid(text: string): RenormError {
  return new RenormError('REQUEST_INVALID', `${text}.`);
}
