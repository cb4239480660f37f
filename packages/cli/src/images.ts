import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { RenormError } from '@renorm/protocol';
import sharp from 'sharp';

const EXTENSIONS = new Set(['.png', '.jpg', '.jpeg', '.webp']);

/** What a model takes, without the batch axis. */
export interface InputShape {
  readonly channels: 1 | 3;
  readonly height: number;
  readonly width: number;
}

/** The image files of a folder in the order of their names. @throws RenormError REQUEST_INVALID if there is none */
export async function listImages(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new RenormError('REQUEST_INVALID', `--images ${folder}: the folder cannot be read; check the path.`, {
      cause,
    });
  });
  const images = names
    .filter((name) => EXTENSIONS.has(extname(name).toLowerCase()))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  if (images.length === 0)
    throw new RenormError(
      'REQUEST_INVALID',
      `--images ${folder}: the folder has no PNG, JPEG or WebP image; name another.`,
    );
  return images.map((name) => join(folder, name));
}

/**
 * Reads an image as a model takes it: stretched to its size, grey or RGB, float32 in [0, 1] in CHW order.
 * @throws RenormError IMAGE_UNREADABLE
 */
export async function readImage(path: string, { channels, height, width }: InputShape): Promise<Float32Array> {
  try {
    const pixels = await sharp(path)
      .rotate() // as its EXIF orientation says
      .flatten()
      .resize(width, height, { fit: 'fill' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer();
    const plane = width * height;
    // sharp gives HWC, the model takes CHW.
    return Float32Array.from(
      { length: channels * plane },
      (_, i) => (pixels[(i % plane) * channels + Math.floor(i / plane)] ?? 0) / 255,
    );
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new RenormError('IMAGE_UNREADABLE', `${path} cannot be read as an image (${reason}); repair or remove it.`, {
      cause,
    });
  }
}
