import { RenormError } from '@renorm/protocol';
import sharp from 'sharp';
import { imageFormat } from '../image-format.js';
import type { Raster } from '../resize.js';

/** What is decoded at all: no side beyond this many pixels, and not more pixels in all. */
export const MAX_IMAGE_SIDE = 2 ** 14;
export const MAX_IMAGE_PIXELS = 2 ** 24;

/**
 * Decodes a JPEG, PNG or WebP file: 8-bit grey or RGB, turned as its EXIF orientation says; transparency is dropped,
 * colour profiles are not applied. JPEG as libjpeg-turbo decodes it by default. Of an animation the first picture.
 *
 * @throws RenormError IMAGE_UNREADABLE: another format, damaged, truncated, too large, CMYK, more than 8 bits
 */
export async function decodeImage(file: Uint8Array): Promise<Raster> {
  if (imageFormat(file) === undefined) throw unreadable('it is no JPEG, PNG or WebP file');
  try {
    const image = sharp(file, { failOn: 'truncated', ignoreIcc: true, limitInputPixels: MAX_IMAGE_PIXELS });
    const { width, height, space, depth, autoOrient } = await image.metadata();
    if (Math.max(width, height) > MAX_IMAGE_SIDE || width * height > MAX_IMAGE_PIXELS)
      throw unreadable(
        `its ${width} x ${height} pixels are more than ${MAX_IMAGE_SIDE} a side or ${MAX_IMAGE_PIXELS} in all`,
      );
    if (depth !== 'uchar' || (space !== 'srgb' && space !== 'b-w'))
      throw unreadable(`its pixels are ${space} in ${depth}, not 8-bit grey or RGB`);
    const { data, info } = await image.autoOrient().removeAlpha().raw().toBuffer({ resolveWithObject: true });
    if (info.width !== autoOrient.width || info.height !== autoOrient.height) throw unreadable('its size changes');
    return { width: info.width, height: info.height, channels: info.channels, data };
  } catch (cause) {
    if (cause instanceof RenormError) throw cause;
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw unreadable(String(reason), cause);
  }
}

/** What `decodePhotograph` looks at: more than the sensors of cameras have. */
export const MAX_PHOTOGRAPH_SIDE = 2 ** 16 - 1;
export const MAX_PHOTOGRAPH_PIXELS = 2 ** 28;

/** A photograph, and whether it is what `decodeImage` makes of the same file. */
export interface Photograph {
  readonly raster: Raster;
  /** False for what no cloud takes as a file: too large, more than 8 bits, CMYK. */
  readonly isPlain: boolean;
}

/**
 * Decodes what cameras and scanners give beyond `decodeImage`: images of up to 2^28 pixels, which are shrunk while they
 * are decoded to the largest half, quarter, … that `decodeImage` would take; 16 bits, of which the upper 8 are kept;
 * CMYK, in the colours of sRGB.
 *
 * @throws RenormError IMAGE_UNREADABLE: another format, damaged, truncated, too large
 */
export async function decodePhotograph(file: Uint8Array): Promise<Photograph> {
  if (imageFormat(file) === undefined) throw unreadable('it is no JPEG, PNG or WebP file');
  try {
    const options = { failOn: 'truncated', limitInputPixels: MAX_PHOTOGRAPH_PIXELS, sequentialRead: true } as const;
    const { width, height, space, depth, autoOrient } = await sharp(file, options).metadata();
    if (Math.max(width, height) > MAX_PHOTOGRAPH_SIDE || width * height > MAX_PHOTOGRAPH_PIXELS)
      throw unreadable(
        `its ${width} x ${height} pixels are more than ${MAX_PHOTOGRAPH_SIDE} a side or ${MAX_PHOTOGRAPH_PIXELS} in all`,
      );
    const isLarge = Math.max(width, height) > MAX_IMAGE_SIDE || width * height > MAX_IMAGE_PIXELS;
    const isEightBit = depth === 'uchar' && (space === 'srgb' || space === 'b-w');
    if (!isLarge && isEightBit) return { raster: await decodeImage(file), isPlain: true };
    // Inks mean colours only by their profile; of others it is left out, as `decodeImage` does.
    const upright = sharp(file, { ...options, ignoreIcc: space !== 'cmyk' })
      .autoOrient()
      .removeAlpha();
    if (isLarge) upright.resize({ ...shrunk(autoOrient), fit: 'fill', fastShrinkOnLoad: true });
    const grey = space === 'b-w' || space === 'grey16';
    const { data, info } = await upright
      .toColourspace(grey ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { raster: { width: info.width, height: info.height, channels: info.channels, data }, isPlain: false };
  } catch (cause) {
    if (cause instanceof RenormError) throw cause;
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw unreadable(String(reason), cause);
  }
}

function shrunk({ width, height }: { width: number; height: number }): { width: number; height: number } {
  let factor = 2;
  while (Math.max(width, height) / factor > MAX_IMAGE_SIDE || (width * height) / factor ** 2 > MAX_IMAGE_PIXELS)
    factor *= 2;
  return { width: Math.ceil(width / factor), height: Math.ceil(height / factor) };
}

function unreadable(reason: string, cause?: unknown): RenormError {
  const text = `the image cannot be decoded (${reason}); give an undamaged JPEG, PNG or WebP file.`;
  return new RenormError('IMAGE_UNREADABLE', text, { cause });
}
