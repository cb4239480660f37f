import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { RenormError, unreadable } from '@renorm/protocol';

const EXTENSIONS = new Set(['.png', '.jpg', '.jpeg', '.webp']);

/** Whether a file is one that `renorm edge` reads, by its name. */
export const isImage = (name: string): boolean => EXTENSIONS.has(extname(name).toLowerCase());

/**
 * The names of the image files of a folder, in their order.
 *
 * @throws RenormError REQUEST_INVALID if it cannot be read
 */
export async function namesOfImages(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw unreadable('REQUEST_INVALID', `--images ${folder}: the folder`, cause);
  });
  return names.filter(isImage).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** The image files of a folder in the order of their names. @throws RenormError REQUEST_INVALID if there is none */
export async function listImages(folder: string): Promise<string[]> {
  const images = await namesOfImages(folder);
  if (images.length === 0)
    throw new RenormError(
      'REQUEST_INVALID',
      `--images ${folder}: the folder has no PNG, JPEG or WebP image; name another, or wait for the first with --watch.`,
    );
  return images.map((name) => join(folder, name));
}
