import { RenormError } from '@renorm/protocol';
import { imageFormat } from '../image-format.js';
import type { Raster } from '../resize.js';

/** Beyond so many pixels a photograph is shrunk while it is decoded. */
const MAX_PIXELS = 2 ** 24;

/** A photograph, and whether a cloud makes the same pixels of its file. */
export interface Photograph {
  readonly raster: Raster;
  /** Of a PNG file alone: how browsers decode JPEG and lossy WebP is not settled to the bit. */
  readonly isPlain: boolean;
}

/**
 * Decodes whatever the browser can, turned as EXIF says, colour profiles left aside.
 *
 * @throws RenormError IMAGE_UNREADABLE
 */
export async function decodePhotograph(file: Uint8Array): Promise<Photograph> {
  const options: ImageBitmapOptions = {
    colorSpaceConversion: 'none',
    premultiplyAlpha: 'none',
    imageOrientation: 'from-image',
  };
  let bitmap: ImageBitmap;
  try {
    const whole = await createImageBitmap(new Blob([new Uint8Array(file)]), options);
    const shrink = Math.sqrt((whole.width * whole.height) / MAX_PIXELS);
    const size = {
      resizeWidth: Math.ceil(whole.width / shrink),
      resizeHeight: Math.ceil(whole.height / shrink),
      resizeQuality: 'high' as const,
    };
    bitmap = shrink <= 1 ? whole : await createImageBitmap(whole, { ...options, ...size });
    const raster = rasterOf(bitmap);
    return { raster, isPlain: shrink <= 1 && isPlainPng(file) };
  } catch (cause) {
    const text = 'the image cannot be decoded by this browser; give an undamaged JPEG, PNG or WebP file.';
    throw new RenormError('IMAGE_UNREADABLE', text, { cause });
  }
}

/** The pixels of what a canvas can draw, with their transparency. */
export function rasterOf(source: ImageBitmap): Raster {
  const { width, height } = source;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('this browser has no canvas to draw on');
  context.drawImage(source, 0, 0);
  source.close();
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, channels: 4, data: new Uint8Array(data.buffer) };
}

const BIT_DEPTH_AT = 24;
const COLOUR_TYPE_AT = 25;
const OPAQUE_TYPES = [0, 2, 3];

/** A PNG of up to 8 bits a value without transparency: the one kind of file that comes out the same everywhere. */
function isPlainPng(file: Uint8Array): boolean {
  if (imageFormat(file) !== 'png') return false;
  const opaque = OPAQUE_TYPES.includes(file[COLOUR_TYPE_AT] ?? 6) && !hasChunk(file, 'tRNS');
  return opaque && (file[BIT_DEPTH_AT] ?? 16) <= 8;
}

function hasChunk(file: Uint8Array, name: string): boolean {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 8; at + 8 <= file.length; at += 12 + view.getUint32(at))
    if (String.fromCharCode(...file.subarray(at + 4, at + 8)) === name) return true;
  return false;
}
