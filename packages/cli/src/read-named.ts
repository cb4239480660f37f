import { readFile } from 'node:fs/promises';
import { RenormError } from '@renorm/protocol';

/** The bytes of a file. @throws RenormError CREDENTIALS_UNREADABLE naming it and what it is */
export async function readNamed(file: string, what: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RenormError('CREDENTIALS_UNREADABLE', `${what} ${file} cannot be read (${why}); check its path.`, {
      cause,
    });
  }
}
