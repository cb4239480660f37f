import { closeSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { RenormError, unreadable } from '../errors.js';

const GROUP_READ = 0o040;
const OTHERS = 0o007;
const GROUP_WRITE = 0o020;

/**
 * Reads a file that holds a secret key or a token, if its owner alone can. A file of root's may be readable by a group,
 * as orchestrators mount secrets; this is the rule of OpenSSH and PostgreSQL. On Windows, which has no such rights, it
 * is read.
 *
 * @param what names it in a message, as in `the signing key`
 * @throws RenormError CREDENTIALS_UNREADABLE, CREDENTIALS_EXPOSED
 */
export function readSecretFile(path: string, what: string): Buffer {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    // Of the file that was opened, whatever the path names by now.
    const stats = fstatSync(file);
    checkRights(stats, path, what);
    return readFileSync(file);
  } catch (cause) {
    if (cause instanceof RenormError) throw cause;
    throw unreadable('CREDENTIALS_UNREADABLE', `${what} ${path}`, cause);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function checkRights({ mode, uid }: Stats, path: string, what: string): void {
  const user = process.getuid?.();
  if (user === undefined) return;
  const groupMayRead = uid === 0 && user !== 0;
  if ((mode & (OTHERS | GROUP_WRITE | (groupMayRead ? 0 : GROUP_READ))) === 0) return;
  const rights = (mode & 0o777).toString(8).padStart(4, '0');
  const text = `${what} ${path} can be read or written by others than its owner (its mode is ${rights}); chmod 600 it, and make a new one if others may have read it.`;
  throw new RenormError('CREDENTIALS_EXPOSED', text);
}
