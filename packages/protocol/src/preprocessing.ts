import { create } from '@bufbuild/protobuf';
import { RenormError } from './errors.js';
import {
  Filter,
  Fit,
  type Preprocessing as PreprocessingMessage,
  PreprocessingSchema,
} from './gen/renorm/v1/adaptation_pb.js';
import { type OptionRules, option } from './options.js';

/**
 * How an image becomes the tensor of a model that takes [channels, height, width]: what torchvision does to a Pillow
 * image, to the bit (docs/protocol.md, S-11). Pixels are RGB, or for a model of one channel L = (19595 R + 38470 G +
 * 7471 B + 32768) >> 16.
 */
export interface Preprocessing {
  /**
   * `none`: the image has the model's size. `stretch`: each side is scaled to it. `crop`: the shorter side is scaled to
   * `shorterSide`, then the middle is cut out.
   */
  readonly fit: 'none' | 'stretch' | 'crop';
  /** With `crop`: at least the model's width and height, at most 65,535. */
  readonly shorterSide?: number;
  /** With `stretch` and `crop`; widened where the image shrinks (antialiasing). Default: bilinear. */
  readonly filter?: 'bilinear' | 'bicubic';
  /** Of each channel; value = (pixel / 255 - mean) / std, every step rounded to float32. Default: 0 and 1. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
}

/** What an option with preprocessing has to be; `faultOf` knows more. */
export const PREPROCESSING_RULES = {
  fit: option.required(option.oneOf('none', 'stretch', 'crop')),
  shorterSide: option.number,
  filter: option.oneOf('bilinear', 'bicubic'),
  mean: option.numbers,
  std: option.numbers,
} satisfies OptionRules<Preprocessing>;

/** A shape that an image fits: channels, height, width. */
export type ImageShape = readonly [channels: 1 | 3, height: number, width: number];

const FITS = { none: Fit.NONE, stretch: Fit.STRETCH, crop: Fit.CROP } as const;
const FILTERS = { bilinear: Filter.BILINEAR, bicubic: Filter.BICUBIC } as const;
const MAX_SIDE = 65_535;

/** The shape, if images fit it. */
export function imageShape(shape: readonly number[]): ImageShape | undefined {
  const [channels, height, width] = shape;
  if (shape.length !== 3 || (channels !== 1 && channels !== 3) || height === undefined || width === undefined)
    return undefined;
  return [channels, height, width];
}

/**
 * Checks preprocessing against the model that it is for.
 *
 * @returns what is wrong, or undefined
 */
export function faultOf(preprocessing: Preprocessing, [channels, height, width]: ImageShape): string | undefined {
  const { fit, shorterSide, filter = 'bilinear', mean, std } = preprocessing;
  if (!Object.hasOwn(FITS, fit)) return `fit is ${String(fit)}; it is one of none, stretch, crop`;
  if (!Object.hasOwn(FILTERS, filter)) return `filter is ${String(filter)}; it is bilinear or bicubic`;
  const least = Math.max(height, width);
  const fitting = Number.isInteger(shorterSide) && Number(shorterSide) >= least && Number(shorterSide) <= MAX_SIDE;
  if (fit === 'crop' && !fitting) return `shorterSide is ${shorterSide}; it is an integer from ${least} to ${MAX_SIDE}`;
  if ((mean === undefined) !== (std === undefined)) return 'mean and std come together or not at all';
  for (const [name, values] of Object.entries({ mean, std })) {
    if (values === undefined) continue;
    if (values.length !== channels) return `${name} has ${values.length} values for ${channels} channels`;
    // Between these no pixel's value leaves float32.
    const inRange = (value: number): boolean => Math.abs(value) <= 2 ** 32 && (name === 'mean' || value >= 2 ** -32);
    if (!values.every(inRange)) return `${name} is [${values}], which no pixel can be normalized with`;
  }
  return undefined;
}

/** For the wire. */
export function preprocessingMessage({ fit, shorterSide, filter, mean, std }: Preprocessing): PreprocessingMessage {
  return create(PreprocessingSchema, {
    fit: FITS[fit],
    ...(fit === 'crop' && { shorterSide: shorterSide ?? 0 }),
    ...(fit !== 'none' && { filter: FILTERS[filter ?? 'bilinear'] }),
    mean: [...(mean ?? [])],
    std: [...(std ?? [])],
  });
}

/** From the wire. @throws RenormError SAMPLE_INVALID */
export function parsePreprocessing(message: PreprocessingMessage | undefined, shape: ImageShape): Preprocessing {
  const fit = nameOf(FITS, message?.fit);
  if (message === undefined || fit === undefined) throw invalid('names no fit that this version knows');
  const filter = nameOf(FILTERS, message.filter);
  if (fit !== 'none' && filter === undefined) throw invalid('names no filter that this version knows');
  const preprocessing: Preprocessing = {
    fit,
    ...(fit === 'crop' && { shorterSide: message.shorterSide }),
    ...(fit !== 'none' && filter !== undefined && { filter }),
    ...(message.mean.length > 0 && { mean: message.mean }),
    ...(message.std.length > 0 && { std: message.std }),
  };
  const fault = faultOf(preprocessing, shape);
  if (fault !== undefined) throw invalid(`says that ${fault}`);
  return preprocessing;
}

/**
 * The tensor of an image's pixels.
 *
 * @param pixels of the model's size, channel by channel
 */
export function normalizePixels(pixels: Uint8Array, { mean, std }: Preprocessing): Float32Array {
  const data = new Float32Array(pixels.length);
  const size = pixels.length / (mean?.length ?? 1);
  for (let i = 0; i < pixels.length; i++) {
    const value = Math.fround((pixels[i] as number) / 255);
    const channel = Math.floor(i / size);
    data[i] = mean === undefined ? value : normalize(value, mean[channel] as number, std?.[channel] as number);
  }
  return data;
}

/**
 * The pixels that {@link normalizePixels} makes these values of, within 2^-10 of a pixel; undefined if there are none.
 */
export function pixelsOf(data: Float32Array, { mean, std }: Preprocessing): Uint8Array | undefined {
  const pixels = new Uint8Array(data.length);
  const size = data.length / (mean?.length ?? 1);
  for (let i = 0; i < data.length; i++) {
    const channel = Math.floor(i / size);
    const level = ((data[i] as number) * (std?.[channel] ?? 1) + (mean?.[channel] ?? 0)) * 255;
    pixels[i] = Math.round(level);
    if (!(Math.abs((pixels[i] as number) - level) <= 2 ** -10)) return undefined;
  }
  return pixels;
}

const normalize = (value: number, mean: number, std: number): number =>
  Math.fround(Math.fround(value - Math.fround(mean)) / Math.fround(std));

function nameOf<Name extends string>(
  table: Readonly<Record<Name, number>>,
  value: number | undefined,
): Name | undefined {
  return (Object.keys(table) as Name[]).find((name) => table[name] === value);
}

function invalid(text: string): RenormError {
  return new RenormError('SAMPLE_INVALID', `the preprocessing of the image ${text}; send what docs/protocol.md names.`);
}
