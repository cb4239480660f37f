import { fromBinary, openRoot, RenormError, reasonOf, type SignedMessage, SignedMessageSchema } from '@renorm/protocol';
import type { Trust } from '../core/platform.js';
import { openEd25519 } from './ed25519.js';
import { readSource, type Source } from './read-source.js';

/**
 * The root that a device is set up with.
 *
 * @param source a serialized SignedMessage
 * @throws RenormError CREDENTIALS_UNREADABLE, ROOT_INVALID, SIGNATURE_INVALID, KEY_UNKNOWN
 */
export async function readTrust(source: Source): Promise<Trust> {
  const bytes = await readSource(source, 'the root metadata', 'CREDENTIALS_UNREADABLE');
  const ed25519 = await openEd25519();
  return { ed25519, root: await openRoot(ed25519, parse(bytes)) };
}

function parse(bytes: Uint8Array): SignedMessage {
  try {
    return fromBinary(SignedMessageSchema, bytes);
  } catch (cause) {
    const text = `the option trust cannot be read as root metadata (${reasonOf(cause)}); give the file that renorm keys wrote.`;
    throw new RenormError('CREDENTIALS_UNREADABLE', text, { cause });
  }
}
