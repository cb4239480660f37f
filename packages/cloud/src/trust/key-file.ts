import { createPrivateKey, type KeyObject } from 'node:crypto';
import { RenormError } from '@renorm/protocol';
import { readSecretFile } from '@renorm/protocol/node';
import { createDurably } from '../store/durable-file.js';

/** What PKCS #8 puts before the 32 bytes of an Ed25519 seed (RFC 8410). */
const PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Reads an Ed25519 secret key: PKCS #8 in PEM, as `renorm keys create` and `openssl genpkey -algorithm ed25519` write
 * it.
 *
 * @throws RenormError CREDENTIALS_UNREADABLE, CREDENTIALS_EXPOSED
 */
export function readSecretKey(path: string): { key: KeyObject; seed: Uint8Array } {
  const pem = readSecretFile(path, 'the secret key');
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType !== 'ed25519') throw new Error(`it is a key for ${key.asymmetricKeyType}`);
    const der = key.export({ type: 'pkcs8', format: 'der' });
    return { key, seed: new Uint8Array(der.subarray(PREFIX.length, PREFIX.length + 32)) };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const text = `${path} cannot be read as an Ed25519 secret key (${why}); make one with renorm keys create.`;
    throw new RenormError('CREDENTIALS_UNREADABLE', text, { cause });
  }
}

/** Writes a secret key for its owner alone. A file that is there already stays: keys are not made a second time. */
export function writeSecretKey(path: string, seed: Uint8Array): void {
  const key = createPrivateKey({ key: Buffer.concat([PREFIX, seed]), format: 'der', type: 'pkcs8' });
  try {
    createDurably(path, key.export({ type: 'pkcs8', format: 'pem' }));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RenormError('CREDENTIALS_UNREADABLE', `${path} cannot be written (${why}); name another file.`, {
      cause,
    });
  }
}
