import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  create,
  fromBinary,
  keyIdOf,
  type SignedMessage,
  SignedMessageSchema,
  sealVersion,
  signedText,
  type Version,
} from '@renorm/protocol';
import { readSecretKey } from './key-file.js';

/** What the cloud signs with. */
export interface SigningOptions {
  /** File of the signing key: PKCS #8 in PEM. */
  readonly key: string;
  /** Folder of root metadata: 1.root, 2.root and so on. Read at every announcement: a new root needs no restart. */
  readonly roots: string;
  /** How long what is sent is good for, in milliseconds. Default: a week. */
  readonly validityMs?: number;
}

const WEEK_MS = 7 * 24 * 3_600_000;
const MAX_ROOTS = 64;

/** Signs versions at the moment at which they are sent, so that a version for which the cloud still stands never expires. */
export class Signer {
  readonly #key: KeyObject;
  readonly #keyId: Uint8Array;
  readonly #roots: string;
  readonly #validityMs: number;

  /** @throws RenormError CREDENTIALS_UNREADABLE */
  constructor({ key, roots, validityMs = WEEK_MS }: SigningOptions) {
    this.#key = readSecretKey(key).key;
    const spki = createPublicKey(this.#key).export({ type: 'spki', format: 'der' });
    this.#keyId = keyIdOf(new Uint8Array(spki.subarray(-32)));
    this.#roots = roots;
    this.#validityMs = validityMs;
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
    const signature = new Uint8Array(sign(null, signedText('renorm.v1.Version', message), this.#key));
    return create(SignedMessageSchema, { message, signatures: [{ keyId: this.#keyId, signature }] });
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
