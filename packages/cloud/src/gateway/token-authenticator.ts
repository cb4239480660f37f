import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { RenormError, unreadable } from '@renorm/protocol';
import { ReloadedFile } from '../trust/reloaded-file.js';

interface Entry {
  readonly digest: Buffer;
  readonly cohort: string;
}

/** Whose token came with a call. */
export interface TokenIdentity {
  /** SHA-256 of the token, hexadecimal. */
  readonly token: string;
}

/** What stands in the file of tokens instead of a token: SHA-256, hexadecimal. */
export const tokenDigest = (token: string): string => createHash('sha256').update(token).digest('hex');

/** How soon a token that was taken from the file ends its streams. */
const POLL_MS = 500;

/**
 * Lets a device act for the cohorts of its token, and for no other. The file has a line for each token and cohort: the
 * SHA-256 of the token in hexadecimal, a space, the cohort. Lines that start with # are comments. It is read again when
 * it changes.
 */
export class TokenAuthenticator {
  readonly #entries: ReloadedFile<readonly Entry[]>;

  /**
   * @param onProblem told when a changed file cannot be read: the tokens of before stay
   *
   * @throws RenormError CREDENTIALS_UNREADABLE
   */
  constructor(path: string, onProblem: (error: RenormError) => void) {
    this.#entries = new ReloadedFile(path, readEntries, onProblem);
  }

  /**
   * @param authorization the call's header: `Bearer` and the token
   * @throws RenormError UNAUTHENTICATED
   */
  identify(authorization: string | undefined): TokenIdentity {
    const token = /^Bearer ([\x21-\x7e]{1,512})$/.exec(authorization ?? '')?.[1];
    if (token === undefined) {
      throw new RenormError(
        'UNAUTHENTICATED',
        'this cloud asks for a token and none came; open the device with the option token (renorm edge --token-file).',
      );
    }
    const identity = { token: tokenDigest(token) };
    if (this.#cohortsOf(identity).length === 0) throw unknown();
    return identity;
  }

  /** @throws RenormError PERMISSION_DENIED; UNAUTHENTICATED: the token has been taken away meanwhile */
  authorize(identity: TokenIdentity, cohort: string): void {
    const cohorts = this.#cohortsOf(identity);
    if (cohorts.includes(cohort)) return;
    if (cohorts.length === 0) throw unknown();
    const text =
      'the token belongs to another cohort than the one that the device names; give the device a token of its cohort.';
    throw new RenormError('PERMISSION_DENIED', text);
  }

  /** Calls back within a second when the file says something else. @returns ends it */
  watch(changed: () => void): () => void {
    let seen = this.#entries.value;
    const timer = setInterval(() => {
      const entries = this.#entries.value;
      if (entries === seen) return;
      seen = entries;
      changed();
    }, POLL_MS).unref();
    return () => clearInterval(timer);
  }

  #cohortsOf({ token }: TokenIdentity): string[] {
    const digest = Buffer.from(token, 'hex');
    // Every entry is compared, whichever matches: the time says nothing.
    return this.#entries.value.filter((entry) => timingSafeEqual(entry.digest, digest)).map(({ cohort }) => cohort);
  }
}

const unknown = (): RenormError =>
  new RenormError('UNAUTHENTICATED', 'this cloud does not know the token; add its SHA-256 to the file of tokens.');

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
