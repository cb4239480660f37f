import {
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Owner only: what the cloud writes are pictures, keys, and what was learnt from them. */
export const PRIVATE_FILE = 0o600;
export const PRIVATE_FOLDER = 0o700;

/**
 * Writes a file that is there whole, in its old form or in its new one, whatever dies and when: beside the old one, flushed, renamed, and the
 * folder flushed.
 *
 * @param mode permissions, before the umask takes some away; for its owner alone unless it says otherwise
 * @throws what the file system says; the file is then as it was
 */
export function writeDurably(path: string, content: string | Uint8Array, mode: number = PRIVATE_FILE): void {
  const beside = `${path}.new`;
  try {
    writeFlushed(beside, content, mode);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  flushFolder(dirname(path));
}

/**
 * As `writeDurably`, for a file that is not there yet.
 *
 * @throws what the file system says, EEXIST among it: the file that is there stays
 */
export function createDurably(path: string, content: string | Uint8Array, mode: number = PRIVATE_FILE): void {
  // Not `path.new`: two that create the same file at once must not write into each other's.
  const beside = `${path}.${process.pid}.new`;
  try {
    writeFlushed(beside, content, mode);
    // A rename would take the place of a file that is there.
    linkSync(beside, path);
  } finally {
    rmSync(beside, { force: true });
  }
  flushFolder(dirname(path));
}

/** Makes a folder, and those above it, so that it survives a power cut. One that is there stays as it is. @param mode as `writeDurably` */
export function makeFolderDurably(folder: string, mode: number): void {
  const first = mkdirSync(folder, { recursive: true, mode });
  if (first === undefined) return;
  // Each folder that was made is an entry in the one above it.
  for (let made = resolve(folder); made.length >= resolve(first).length; made = dirname(made))
    flushFolder(dirname(made));
}

/** Makes what was created, renamed or removed in a folder survive a power cut. */
export function flushFolder(folder: string): void {
  // Windows opens no folders; NTFS keeps a journal of their changes.
  if (process.platform === 'win32') return;
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function writeFlushed(path: string, content: string | Uint8Array, mode: number): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, mode);
  try {
    writeFileSync(fd, content);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
