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

/** What of the file system a durable write uses; a test hears here in which order. */
export type Disk = Pick<
  typeof import('node:fs'),
  'closeSync' | 'fsyncSync' | 'linkSync' | 'openSync' | 'renameSync' | 'rmSync' | 'writeFileSync'
>;

const DISK: Disk = { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeFileSync };

/** Owner only: what the cloud writes are pictures, keys, and what was learnt from them. */
export const PRIVATE_FILE = 0o600;
export const PRIVATE_FOLDER = 0o700;

/**
 * Writes a file that is there whole, in its old form or in its new one, whatever dies and when: beside the old one,
 * flushed, renamed, and the folder flushed.
 *
 * @param mode permissions, before the umask takes some away; for its owner alone unless it says otherwise
 * @throws what the file system says; the file is then as it was
 */
export function writeDurably(path: string, content: string | Uint8Array, mode = PRIVATE_FILE, disk = DISK): void {
  const beside = `${path}.new`;
  try {
    writeFlushed(beside, content, mode, disk);
    disk.renameSync(beside, path);
  } catch (error) {
    disk.rmSync(beside, { force: true });
    throw error;
  }
  flushFolder(dirname(path), disk);
}

/**
 * As `writeDurably`, for a file that is not there yet.
 *
 * @throws what the file system says, EEXIST among it: the file that is there stays
 */
export function createDurably(path: string, content: string | Uint8Array, mode = PRIVATE_FILE, disk = DISK): void {
  // Not `path.new`: two that create the same file at once must not write into each other's.
  const beside = `${path}.${process.pid}.new`;
  try {
    writeFlushed(beside, content, mode, disk);
    // A rename would take the place of a file that is there.
    disk.linkSync(beside, path);
  } finally {
    disk.rmSync(beside, { force: true });
  }
  flushFolder(dirname(path), disk);
}

/**
 * Makes a folder, and those above it, so that it survives a power cut. One that is there stays as it is.
 *
 * @param mode as `writeDurably`
 */
export function makeFolderDurably(folder: string, mode: number): void {
  const first = mkdirSync(folder, { recursive: true, mode });
  if (first === undefined) return;
  // Each folder that was made is an entry in the one above it.
  for (let made = resolve(folder); made.length >= resolve(first).length; made = dirname(made))
    flushFolder(dirname(made));
}

/** Makes what was created, renamed or removed in a folder survive a power cut. */
export function flushFolder(folder: string, disk = DISK): void {
  // Windows opens no folders; NTFS keeps a journal of their changes.
  if (process.platform === 'win32') return;
  const fd = disk.openSync(folder, 'r');
  try {
    disk.fsyncSync(fd);
  } finally {
    disk.closeSync(fd);
  }
}

function writeFlushed(path: string, content: string | Uint8Array, mode: number, disk: Disk): void {
  const fd = disk.openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, mode);
  try {
    disk.writeFileSync(fd, content);
    disk.fsyncSync(fd);
  } finally {
    disk.closeSync(fd);
  }
}
