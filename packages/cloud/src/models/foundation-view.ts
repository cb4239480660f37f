import { imagePixels } from '@renorm/image';
import {
  faultOf,
  type ImageShape,
  imageShape,
  normalizePixels,
  type Preprocessing,
  RenormError,
} from '@renorm/protocol';
import type { Batch } from './batch.js';

/** One of two models, as far as its samples go. */
export interface SampleTaker {
  readonly name: string;
  /** Of a sample, without the batch axis. */
  readonly sampleShape: readonly number[];
  /** How an image becomes a sample; undefined where nobody said. */
  readonly preprocessing?: Preprocessing | undefined;
}

/**
 * Levels below 0 or above 255 by which a value may miss a pixel: bicubic filters overshoot, and so do noisy tensors.
 */
const LENIENCE = 16;

/**
 * Makes the samples of a foundation model of those that the edge model takes, where the two take others: of another
 * size, normalized otherwise. An image that a device sent as a file is prepared a second time, when it comes; values
 * are taken back to pixels, resized and normalized anew.
 */
export class FoundationView {
  /** Of the foundation model's samples. */
  readonly shape: ImageShape;
  /** From an image to these. */
  readonly preprocessing: Preprocessing;
  readonly #from: ImageShape;
  readonly #edge: Preprocessing;

  private constructor(from: ImageShape, edge: Preprocessing, shape: ImageShape, preprocessing: Preprocessing) {
    this.#from = from;
    this.#edge = edge;
    this.shape = shape;
    this.preprocessing = preprocessing;
  }

  /**
   * @returns undefined where both models take the same samples
   * @throws RenormError MODEL_MISMATCH: nothing is said of how the samples of one become those of the other, or what is
   *   said cannot be followed
   */
  static between(edge: SampleTaker, foundation: SampleTaker): FoundationView | undefined {
    const alike = String(edge.sampleShape) === String(foundation.sampleShape);
    if (alike && (foundation.preprocessing === undefined || isSame(edge.preprocessing, foundation.preprocessing)))
      return undefined;
    const differ = `${edge.name} takes samples of shape [${edge.sampleShape}], ${foundation.name} of shape [${foundation.sampleShape}]`;
    const [from, to] = [imageShape(edge.sampleShape), imageShape(foundation.sampleShape)];
    if (from === undefined || to === undefined)
      throw mismatch(
        `${differ}, of which not both are 1 or 3 channels, height and width`,
        'Export two models of the same input',
      );
    if (foundation.preprocessing === undefined)
      throw mismatch(
        differ,
        `Say how an image becomes the input of the foundation model: foundation: { preprocessing: { fit: 'stretch', mean: […], std: […] } }, or the path of its preprocessor_config.json (--foundation '{"preprocessing": …}'); or export two models of the same input`,
      );
    for (const [of, shape] of [
      [edge, from],
      [foundation, to],
    ] as const) {
      const fault = of.preprocessing && faultOf(of.preprocessing, shape);
      if (fault !== undefined)
        throw mismatch(`the preprocessing of ${of.name} cannot be followed: ${fault}`, 'Give another');
    }
    return new FoundationView(from, edge.preprocessing ?? { fit: 'stretch' }, to, foundation.preprocessing);
  }

  get preparation(): { readonly shape: ImageShape; readonly preprocessing: Preprocessing } {
    return { shape: this.shape, preprocessing: this.preprocessing };
  }

  /** What it does, in a sentence. */
  get says(): string {
    return `takes samples of [${this.shape}]: images are prepared for it a second time (${shown(this.preprocessing)}), other samples are taken back to pixels (${shown(this.#edge)}) and resized`;
  }

  /** The pixels of a foundation model's sample, of those of the edge model's. @param planes channel by channel */
  resized(planes: Uint8Array): Uint8Array {
    const [channels, height, width] = this.#from;
    const area = height * width;
    const data = new Uint8Array(planes.length);
    for (let i = 0; i < planes.length; i++) data[(i % area) * channels + Math.floor(i / area)] = planes[i] as number;
    const { filter = 'bilinear' } = this.preprocessing;
    return imagePixels({ width, height, channels, data }, { fit: 'stretch', filter }, this.shape);
  }

  /**
   * Whether an image that a device prepared so is prepared a second time; one that has been cut and scaled before is
   * not.
   */
  prepares(image: Preprocessing): boolean {
    return image.fit !== 'none' && !(isSameSize(this.#from, this.shape) && isSameFit(image, this.preprocessing));
  }

  /** The same samples as the foundation model takes them. */
  batch({ data, count, pixels }: Batch): Batch {
    const size = count === 0 ? 0 : data.length / count;
    const made = Array.from({ length: count }, (_, i) => {
      const own = pixels?.[i];
      return own === undefined
        ? this.#ofValues(data.subarray(i * size, (i + 1) * size))
        : normalizePixels(own, this.preprocessing);
    });
    const all = new Float32Array(count * (made[0]?.length ?? 0));
    for (const [i, each] of made.entries()) all.set(each, i * each.length);
    return { data: all, count };
  }

  /**
   * The share of values that are no pixels by the edge model's preprocessing: near 0, unless that is not how they were
   * made.
   */
  foreign({ data, count, pixels }: Batch): number {
    const size = count === 0 ? 0 : data.length / count;
    let [foreign, seen] = [0, 0];
    for (let i = 0; i < data.length; i++) {
      if (pixels?.[Math.floor(i / size)] !== undefined) continue;
      const level = this.#level(data[i] as number, i % size);
      seen++;
      if (level < -LENIENCE || level > 255 + LENIENCE) foreign++;
    }
    return seen === 0 ? 0 : foreign / seen;
  }

  #ofValues(values: Float32Array): Float32Array {
    if (String(this.#from) === String(this.shape)) return this.#renormalized(values);
    const planes = Uint8Array.from(values, (value, i) => Math.min(255, Math.max(0, Math.round(this.#level(value, i)))));
    return normalizePixels(this.resized(planes), this.preprocessing);
  }

  #renormalized(values: Float32Array): Float32Array {
    const area = this.#from[1] * this.#from[2];
    const { mean, std } = this.preprocessing;
    return values.map((value, i) => {
      const channel = Math.floor(i / area);
      return (this.#level(value, i) / 255 - (mean?.[channel] ?? 0)) / (std?.[channel] ?? 1);
    });
  }

  /** 0 to 255 for a pixel. @param at its place in a sample */
  #level(value: number, at: number): number {
    const channel = Math.floor(at / (this.#from[1] * this.#from[2]));
    return 255 * (value * (this.#edge.std?.[channel] ?? 1) + (this.#edge.mean?.[channel] ?? 0));
  }
}

/** Whatever is left out has its default. */
const spelled = ({ fit, shorterSide, filter = 'bilinear', mean = [0], std = [1] }: Preprocessing) => ({
  fit: [fit, fit === 'crop' ? shorterSide : 0, fit === 'none' ? '' : filter].join(' '),
  normalization: `${mean.every((each) => each === 0) ? 0 : mean}/${std.every((each) => each === 1) ? 1 : std}`,
});

const isSameFit = (a: Preprocessing, b: Preprocessing): boolean => spelled(a).fit === spelled(b).fit;

/** Where nobody said, an image is stretched, and its pixels are taken as they are: the default of devices. */
function isSame(a: Preprocessing = { fit: 'stretch' }, b: Preprocessing = { fit: 'stretch' }): boolean {
  return isSameFit(a, b) && spelled(a).normalization === spelled(b).normalization;
}

const isSameSize = (a: ImageShape, b: ImageShape): boolean => a[1] === b[1] && a[2] === b[2];

function shown({ fit, shorterSide, filter, mean, std }: Preprocessing): string {
  const how = [fit, ...(fit === 'crop' ? [shorterSide] : []), ...(filter === undefined ? [] : [filter])].join(' ');
  return mean === undefined ? how : `${how}, mean ${mean}, std ${std}`;
}

const mismatch = (text: string, remedy: string): RenormError =>
  new RenormError('MODEL_MISMATCH', `${text}. ${remedy}.`);
