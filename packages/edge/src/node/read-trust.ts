import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import {
  followRoots,
  fromBinary,
  openRoot,
  RenormError,
  type Root,
  reasonOf,
  type SignedMessage,
  SignedMessageSchema,
  unreadable,
  webEd25519,
} from '@renorm/protocol';
import { checkCertificates, readSecretFile } from '@renorm/protocol/node';
import type { Recalled, Trust } from '../core/platform.js';
import { openFileMemory } from './file-memory.js';
import type { DeviceTls } from './transport.js';

/**
 * The root that a device is set up with.
 *
 * @param source path or bytes of a serialized SignedMessage
 * @param memory file for the newest version's number and the newest roots; made if it is not there
 * @throws RenormError CREDENTIALS_UNREADABLE, ROOT_INVALID, SIGNATURE_INVALID, KEY_UNKNOWN
 */
export async function readTrust(source: string | Uint8Array, memory?: string): Promise<Trust> {
  const name = typeof source === 'string' ? source : 'the option trust';
  let signed: SignedMessage;
  try {
    const bytes = typeof source === 'string' ? await readFile(source) : source;
    signed = fromBinary(SignedMessageSchema, new Uint8Array(bytes));
  } catch (cause) {
    const why = reasonOf(cause);
    const text = `${name} cannot be read as root metadata (${why}); give the file that renorm keys wrote.`;
    throw new RenormError('CREDENTIALS_UNREADABLE', text, { cause });
  }
  const given = await openRoot(webEd25519, signed);
  if (memory === undefined) return { ed25519: webEd25519, root: given };
  const opened = await openFileMemory(memory);
  const root = await followRemembered(given, opened.recalled, memory);
  return { ed25519: webEd25519, root, memory: opened.memory, recalled: recalledUnder(root, opened.recalled) };
}

async function followRemembered(given: Root, { roots }: Recalled, file: string): Promise<Root> {
  try {
    return await followRoots(webEd25519, given, roots);
  } catch (cause) {
    const why = reasonOf(cause);
    const text = `the roots in ${file} do not follow root ${given.version} (${why}); see who changed it, or whether it is of another device.`;
    throw new RenormError('CREDENTIALS_UNREADABLE', text, { cause });
  }
}

/** A memory of the first release does not say who vouched for the newest version: any of the keys that could. */
function recalledUnder({ signing }: Root, recalled: Recalled): Recalled {
  return recalled.vouchedBy.length > 0 ? recalled : { ...recalled, vouchedBy: signing.keys };
}

/**
 * @throws RenormError CREDENTIALS_UNREADABLE: a file is not what it should be, or a certificate came without its key;
 * CREDENTIALS_EXPOSED
 */
export async function checkTls({ authority, certificate, key }: DeviceTls): Promise<void> {
  await checked(authority, checkCertificates);
  if (certificate === undefined && key === undefined) return;
  if (certificate === undefined || key === undefined) {
    const text = 'a device certificate and its key belong together; give both, or neither.';
    throw new RenormError('CREDENTIALS_UNREADABLE', text);
  }
  const secret = readSecretFile(key, 'the TLS key');
  await checked(certificate, (pem) => {
    checkCertificates(pem);
    createSecureContext({ cert: pem, key: secret });
  });
}

async function checked(file: string, check: (pem: Buffer) => void): Promise<void> {
  try {
    check(await readFile(file));
  } catch (cause) {
    const advice = 'give certificates in PEM, and to a certificate its own key';
    throw unreadable('CREDENTIALS_UNREADABLE', `the TLS file ${file}`, cause, advice);
  }
}
