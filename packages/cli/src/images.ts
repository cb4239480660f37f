import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { RenormError, unreadable } from '@renorm/protocol';

const EXTENSIONS = new Set(['.png', '.jpg', '.jpeg', '.webp']);

/** The image files of a folder in the order of their names. @throws RenormError REQUEST_INVALID if there is none */
export async function listImages(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw unreadable('REQUEST_INVALID', `--images ${folder}: the folder`, cause);
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
