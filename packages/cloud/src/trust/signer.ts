import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  create,
  fromBinary,
  keyIdOf,
  type RenormError,
  type SignedMessage,
  SignedMessageSchema,
  sealVersion,
  signedText,
  type Version,
} from '@renorm/protocol';
import { readSecretKey } from './key-file.js';
import { ReloadedFile } from './reloaded-file.js';

/** What the cloud signs with. */
export interface SigningOptions {
  /** File of the signing key: PKCS #8 in PEM. Read again when it changes. */
  readonly key: string;
  /** Folder of root metadata: 1.root, 2.root and so on. Read at every announcement: a new root needs no restart. */
  readonly roots: string;
  /** How long what is sent is good for, in milliseconds. Default: a week. */
  readonly validityMs?: number;
}

interface SigningKey {
  readonly key: KeyObject;
  readonly keyId: Uint8Array;
}

const WEEK_MS = 7 * 24 * 3_600_000;
const MAX_ROOTS = 64;

/**
 * Signs versions at the moment at which they are sent, so that a version for which the cloud still stands never
 * expires.
 */
export class Signer {
  readonly #key: ReloadedFile<SigningKey>;
  readonly #roots: string;
  readonly #validityMs: number;

  /**
   * @param onProblem told when a changed key cannot be read: the one of before stays
   *
   * @throws RenormError CREDENTIALS_UNREADABLE
   */
  constructor({ key, roots, validityMs = WEEK_MS }: SigningOptions, onProblem: (error: RenormError) => void) {
    this.#key = new ReloadedFile(key, readSigningKey, onProblem);
    this.#roots = roots;
    this.#validityMs = validityMs;
  }

  /** How long what it signs is good for, in milliseconds. */
  get validityMs(): number {
    return this.#validityMs;
  }

  /** Signs a version for a cohort. */
  sign(
    version: Version,
    place: { modelDigest: Uint8Array; cohort: string; exportedDigest: Uint8Array },
  ): SignedMessage {
    const parent = version.content.case === 'delta' ? version.content.value.parent : undefined;
    const message = sealVersion(version, {
      modelDigest: place.modelDigest,
      cohort: place.cohort,
      parentDigest: parent?.digest ?? place.exportedDigest,
      expiresAtMs: Date.now() + this.#validityMs,
    });
    const { key, keyId } = this.#key.value;
    const signature = new Uint8Array(sign(null, signedText('renorm.v1.Version', message), key));
    return create(SignedMessageSchema, { message, signatures: [{ keyId, signature }] });
  }

  /** The roots that follow one, oldest first. None for a device without trust (0). */
  async rootsAfter(version: number): Promise<SignedMessage[]> {
    const roots: SignedMessage[] = [];
    if (version < 1) return roots;
    while (roots.length < MAX_ROOTS) {
      const file = join(this.#roots, `${version + roots.length + 1}.root`);
      const bytes = await readFile(file).catch(() => undefined);
      if (bytes === undefined) break;
      roots.push(fromBinary(SignedMessageSchema, new Uint8Array(bytes)));
    }
    return roots;
  }
}

function readSigningKey(path: string): SigningKey {
  const { key } = readSecretKey(path);
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return { key, keyId: keyIdOf(new Uint8Array(spki.subarray(-32))) };
}
