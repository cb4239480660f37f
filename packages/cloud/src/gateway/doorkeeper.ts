import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { RenormError, unreadable } from '@renorm/protocol';
import { ReloadedFile } from '../trust/reloaded-file.js';

interface Entry {
  readonly digest: Buffer;
  readonly cohort: string;
}

/** What stands in the file of tokens instead of a token: SHA-256, hexadecimal. */
export const tokenDigest = (token: string): string => createHash('sha256').update(token).digest('hex');

/**
 * Lets a device act for the cohort of its token, and for no other. The file has a line for each token: the SHA-256 of the
 * token in hexadecimal, a space, the cohort. Lines that start with # are comments. It is read again when it changes.
 */
export class Doorkeeper {
  readonly #entries: ReloadedFile<readonly Entry[]>;

  /** @param onProblem told when a changed file cannot be read: the tokens of before stay @throws RenormError CREDENTIALS_UNREADABLE */
  constructor(path: string, onProblem: (error: RenormError) => void) {
    this.#entries = new ReloadedFile(path, readEntries, onProblem);
  }

  /**
   * @param authorization the values of the call's header: one, `Bearer` and the token
   * @throws RenormError UNAUTHENTICATED, PERMISSION_DENIED
   */
  check(authorization: readonly (string | Buffer)[], cohort: string): void {
    const token = /^Bearer ([\x21-\x7e]{1,512})$/.exec(String(authorization[0] ?? ''))?.[1];
    if (token === undefined) {
      throw new RenormError(
        'UNAUTHENTICATED',
        'this cloud asks for a token and none came; open the device with the option token (renorm edge --token-file).',
      );
    }
    const digest = createHash('sha256').update(token).digest();
    const entries = this.#entries.value;
    // Every entry is compared, whichever matches: the time says nothing.
    const cohorts = entries.filter((entry) => timingSafeEqual(entry.digest, digest)).map((entry) => entry.cohort);
    if (cohorts.length === 0)
      throw new RenormError(
        'UNAUTHENTICATED',
        'this cloud does not know the token; add its SHA-256 to the file of tokens.',
      );
    if (!cohorts.includes(cohort)) {
      const text =
        'the token belongs to another cohort than the one that the device names; give the device a token of its cohort.';
      throw new RenormError('PERMISSION_DENIED', text);
    }
  }
}

function readEntries(path: string): Entry[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw unreadable('CREDENTIALS_UNREADABLE', `the file of tokens ${path}`, cause);
  }
  return text.split('\n').flatMap((line, i) => {
    if (/^\s*(#|$)/.test(line)) return [];
    const [, digest = '', cohort = ''] = /^([0-9a-f]{64}) ([A-Za-z0-9._-]{1,128})\s*$/.exec(line) ?? [];
    if (digest === '') {
      throw new RenormError(
        'CREDENTIALS_UNREADABLE',
        `line ${i + 1} of ${path} is not the SHA-256 of a token in hexadecimal, a space and a cohort; correct it.`,
      );
    }
    return [{ digest: Buffer.from(digest, 'hex'), cohort }];
  });
}
