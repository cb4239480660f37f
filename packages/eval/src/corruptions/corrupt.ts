import { RenormError } from '@renorm/protocol';
import { defocusBlur, gaussianBlurred, glassBlur, motionBlur, zoomBlur } from './blur.js';
import type { Corruption, Severity } from './corruption.js';
import { contrast, elasticTransform, jpegCompression, pixelate } from './digital.js';
import { frost } from './frost.js';
import { gaussianNoise, impulseNoise, shotNoise, speckleNoise } from './noise.js';
import { type Image, toImage, toPicture } from './picture.js';
import { Random } from './random.js';
import { saturate } from './saturate.js';
import { spatter } from './spatter.js';
import { brightness, fog, snow } from './weather.js';

const BENCHMARK = {
  gaussian_noise: gaussianNoise,
  shot_noise: shotNoise,
  impulse_noise: impulseNoise,
  defocus_blur: defocusBlur,
  glass_blur: glassBlur,
  motion_blur: motionBlur,
  zoom_blur: zoomBlur,
  snow,
  frost,
  fog,
  brightness,
  contrast,
  elastic_transform: elasticTransform,
  pixelate,
  jpeg_compression: jpegCompression,
} as const satisfies Record<string, Corruption>;

const EXTRA = {
  speckle_noise: speckleNoise,
  gaussian_blur: gaussianBlurred,
  spatter,
  saturate,
} as const satisfies Record<string, Corruption>;

const BY_NAME = { ...BENCHMARK, ...EXTRA };

/** One of the 15 corruptions of ImageNet-C, or of the 4 that were published beside them. */
export type CorruptionName = keyof typeof BY_NAME;

/** The 15 that the benchmark averages over, in the order of the paper: noise, blur, weather, digital. */
export const CORRUPTIONS = Object.keys(BENCHMARK) as readonly CorruptionName[];

/** The 4 that were published beside them, to choose settings on. */
export const EXTRA_CORRUPTIONS = Object.keys(EXTRA) as readonly CorruptionName[];

/**
 * An image as it looks under a corruption (Hendrycks & Dietterich, "Benchmarking Neural Network Robustness to Common
 * Corruptions and Perturbations", ICLR 2019). Settings are those of the authors' code: CIFAR-10-C's below a short side
 * of 64 pixels, ImageNet-C's from there on. The same arguments give the same bytes.
 *
 * @throws RenormError REQUEST_INVALID for an unknown name or severity, IMAGE_UNREADABLE for data that does not fit its
 *   size
 */
export async function corrupt(image: Image, name: CorruptionName, severity: Severity, seed: number): Promise<Image> {
  if (!Object.hasOwn(BY_NAME, name)) {
    const known = [...CORRUPTIONS, ...EXTRA_CORRUPTIONS];
    throw new RenormError('REQUEST_INVALID', `there is no corruption "${name}"; there are ${known.join(', ')}.`);
  }
  if (![1, 2, 3, 4, 5].includes(severity)) {
    throw new RenormError('REQUEST_INVALID', `the severity is ${severity}; it is a whole number from 1 to 5.`);
  }
  const { width, height, channels, data } = image;
  if (channels !== 1 && channels !== 3) {
    throw new RenormError('IMAGE_UNREADABLE', `an image has 1 channel or 3, this one has ${channels}.`);
  }
  if (width < 1 || height < 1 || data.length !== width * height * channels) {
    throw new RenormError(
      'IMAGE_UNREADABLE',
      `an image of ${width}x${height} with ${channels} channels has ${width * height * channels} bytes, this one has ${data.length}.`,
    );
  }
  const random = new Random(seed, name, severity);
  return toImage(await BY_NAME[name](toPicture(image), { severity, random }));
}
