import { followRoots, RenormError, reasonOf } from '@renorm/protocol';
import type { Remembered, Trust, TrustMemory } from '../platform.js';
import type { Keeper } from './keeper.js';
import { KEY, trustRecord } from './records.js';

/**
 * Remembers the newest version and the roots among the other records of a device. That they cannot be written its
 * keeper tells.
 */
export const trustMemoryIn = (keeper: Keeper): TrustMemory => ({
  async write(remembered) {
    keeper.put(KEY.trust, trustRecord(remembered));
    await keeper.settled();
  },
});

/**
 * What a device trusts after it has followed the roots that it remembers. One that has a memory of its own has done so.
 *
 * @throws RenormError CREDENTIALS_UNREADABLE: they do not follow the root that it was set up with
 */
export async function followRecalled(given: Trust, remembered: Remembered | undefined): Promise<Trust> {
  if (given.memory !== undefined || remembered === undefined) return given;
  try {
    return { ...given, root: await followRoots(given.ed25519, given.root, remembered.roots), recalled: remembered };
  } catch (cause) {
    const why = reasonOf(cause);
    const text = `the roots that the device remembers do not follow root ${given.root.version} (${why}); see who changed them, or whether they are of another device.`;
    throw new RenormError('CREDENTIALS_UNREADABLE', text, { cause });
  }
}
