import { readFile } from 'node:fs/promises';
import { unreadable } from '@renorm/protocol';

/** The bytes of a file. @throws RenormError CREDENTIALS_UNREADABLE naming it and what it is */
export async function readNamed(file: string, what: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw unreadable('CREDENTIALS_UNREADABLE', `${what} ${file}`, cause);
  }
}
