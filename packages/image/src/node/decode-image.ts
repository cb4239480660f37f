import { RenormError } from '@renorm/protocol';
import sharp from 'sharp';
import { imageFormat } from '../image-format.js';
import type { Raster } from '../resize.js';

/** What is decoded at all: no side beyond this many pixels, and not more pixels in all. */
export const MAX_IMAGE_SIDE = 2 ** 14;
export const MAX_IMAGE_PIXELS = 2 ** 24;

/**
 * Decodes a JPEG, PNG or WebP file: 8-bit grey or RGB, turned as its EXIF orientation says; transparency is dropped, colour profiles
 * are not applied. JPEG as libjpeg-turbo decodes it by default. Of an animation the first picture.
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

function unreadable(reason: string, cause?: unknown): RenormError {
  const text = `the image cannot be decoded (${reason}); give an undamaged JPEG, PNG or WebP file.`;
  return new RenormError('IMAGE_UNREADABLE', text, { cause });
}
