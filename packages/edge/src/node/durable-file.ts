import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file so that after a power failure at any moment it is either as before or as it is to be: beside, flushed to the disk,
 * renamed, and the folder flushed, without which the name may still lead to nothing.
 *
 * @throws what the file system says; then the file is as before
 */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const beside = `${path}.new`;
  const file = await open(beside, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
  await flushFolder(dirname(path));
}

async function flushFolder(path: string): Promise<void> {
  // Windows opens no folders, and keeps renames by itself.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
