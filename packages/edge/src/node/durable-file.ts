import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What of the file system it uses; a test hears here in which order. */
export type Disk = Pick<typeof import('node:fs/promises'), 'open' | 'rename'>;

/**
 * Writes a file so that after a power failure at any moment it is either as before or as it is to be: beside, flushed
 * to the disk, renamed, and the folder flushed, without which the name may still lead to nothing.
 *
 * @throws what the file system says; then the file is as before
 */
export async function writeDurably(
  path: string,
  content: string | Uint8Array,
  disk: Disk = { open, rename },
): Promise<void> {
  const beside = `${path}.new`;
  const file = await disk.open(beside, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(beside, path);
  await flushFolder(dirname(path), disk);
}

async function flushFolder(path: string, disk: Disk): Promise<void> {
  // Windows opens no folders, and keeps renames by itself.
  if (process.platform === 'win32') return;
  const folder = await disk.open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
