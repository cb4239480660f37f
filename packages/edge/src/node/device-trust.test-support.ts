import {
  create,
  digestBytes,
  webEd25519 as ed,
  encodeDelta,
  encodeSnapshot,
  exportedVersion,
  type Root,
  type SignedMessage,
  SignedMessageSchema,
  signRoot,
  signVersion,
  toBinary,
  type Version,
  WatchResponseSchema,
} from '@renorm/protocol';
import type { Test } from 'tap';
import { open, startCloud } from './device.test-support.js';
import { until } from './fake-cloud.test-support.js';
import { marked, TINY_MODEL, tinyParameters } from './tiny-model.test-support.js';

/** Secret keys: of roots, of versions, and the one that follows. */
export const [ROOT_KEY, KEY, NEXT_KEY] = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
export const modelDigest = digestBytes(TINY_MODEL);
export const exported = exportedVersion(tinyParameters());
/** The year 2096. */
export const LATER = 4e12;
export const response = (signedVersion: SignedMessage, rollback?: SignedMessage) =>
  create(WatchResponseSchema, { signedVersion, ...(rollback && { rollback }) });

/** A root of a version that names one signing key. */
export async function root(version: number, secret: Uint8Array): Promise<SignedMessage> {
  const role = async (key: Uint8Array) => ({ keys: [await ed.publicKeyOf(key)], threshold: 1 });
  const named: Root = { version, expiresAtMs: LATER, root: await role(ROOT_KEY), signing: await role(secret) };
  return signRoot(ed, named, [ROOT_KEY]);
}

/** Signs a version for the device of these tests. */
export const sign = (version: Version, changes: { cohort?: string; expiresAtMs?: number } = {}, secret = KEY) =>
  signVersion(
    ed,
    version,
    { modelDigest, cohort: 'lobby', parentDigest: exported.digest, expiresAtMs: LATER, ...changes },
    [secret],
  );

/** A device that trusts root 1, and its cloud. */
export async function trusting(t: Test, roots: SignedMessage[] = []) {
  const cloud = await startCloud();
  cloud.roots = roots;
  cloud.snapshots = false;
  const device = await open(cloud, { trust: toBinary(SignedMessageSchema, await root(1, KEY)) });
  t.teardown(async () => {
    await device.close();
    cloud.drop();
  });
  await until('it watches', () => cloud.watches === 1);
  return { cloud, device };
}

export const deltaTo = (value: number, number = 1) =>
  encodeDelta(exported, marked(value % 1000), { number, publishedAtMs: 1 });

/** A version whose number is its mark, modulo 1,000. */
export const snapshotOf = (value: number): Version => encodeSnapshot(deltaTo(value, value).decoded);
