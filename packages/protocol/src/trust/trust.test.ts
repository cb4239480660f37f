import { create } from '@bufbuild/protobuf';
import { test } from 'tap';
import { type SignedMessage, WatchResponseSchema } from '../index.js';
import { exportedVersion } from '../version-codec.js';
import { encodeDelta, encodeSnapshot } from '../version-encoder.js';
import { webEd25519 as ed, randomSecretKey } from './ed25519.js';
import { checkRootExpiry, followRoots, openRoot, type Root, signRoot } from './root.js';
import { signedText, signMessage } from './signed-message.js';
import { type Envelope, openVersion, type Receiver, signRollback, signVersion } from './signed-version.js';

const NOW = 1_700_000_000_000;
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const fill = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const SECRETS = { root: fill(1), root2: fill(2), signing: fill(3), signing2: fill(4), stranger: fill(5) };
const publicKeys = (...secrets: Uint8Array[]) => Promise.all(secrets.map((secret) => ed.publicKeyOf(secret)));

async function rootOf(version: number, root: Uint8Array, signing: Uint8Array, expiresAtMs = NOW + 1000): Promise<Root> {
  const role = async (secret: Uint8Array) => ({ keys: await publicKeys(secret), threshold: 1 });
  return { version, expiresAtMs, root: await role(root), signing: await role(signing) };
}

const exported = exportedVersion(new Map([['bn/gamma', Float32Array.of(1, 2)]]));
const delta = encodeDelta(exported, new Map([['bn/gamma', Float32Array.of(1.5, 2)]]), { publishedAtMs: NOW });
const first = delta.decoded;
const envelope: Envelope = {
  modelDigest: fill(9),
  cohort: 'lobby',
  parentDigest: exported.digest,
  expiresAtMs: NOW + 1000,
};

async function receiver(changes: Partial<Receiver> = {}): Promise<Receiver> {
  const root = await rootOf(1, SECRETS.root, SECRETS.signing);
  return { root, modelDigest: fill(9), cohort: 'lobby', held: exported, newest: 0, nowMs: NOW, ...changes };
}

const response = (signedVersion: SignedMessage | undefined, rollback?: SignedMessage) =>
  create(WatchResponseSchema, { ...(signedVersion && { signedVersion }), ...(rollback && { rollback }) });

const signed = (changes: Partial<Envelope> = {}, secret = SECRETS.signing, version = delta.version) =>
  signVersion(ed, version, { ...envelope, ...changes }, [secret]);

test('signatures are those of RFC 8032, section 7.1, test 2', async (t) => {
  const secret = hex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb');
  const key = await ed.publicKeyOf(secret);
  t.same(key, hex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'));
  const signature = await ed.sign(secret, Uint8Array.of(0x72));
  t.equal(Buffer.from(signature).toString('hex').slice(0, 32), '92a009a9f0d4cab8720e820b5f642540');
  t.ok(await ed.verify(key, Uint8Array.of(0x72), signature));
  t.notOk(await ed.verify(key, Uint8Array.of(0x73), signature));
  t.notOk(await ed.verify(key.subarray(1), Uint8Array.of(0x72), signature));
  t.equal(randomSecretKey().length, 32);
});

test('a version that a signing key signed is taken', async (t) => {
  const { version, rolledBack } = await openVersion(ed, response(await signed()), await receiver());
  t.same([version.number, version.digest, rolledBack], [1n, first.digest, false]);
});

test('what is wrong about a version is refused by name', async (t) => {
  const damaged = await signed();
  damaged.message[damaged.message.length - 1]! ^= 1;
  const snapshot = encodeSnapshot({ ...exported, publishedAtMs: NOW });
  const refusals = [
    ['SIGNATURE_INVALID', damaged, {}],
    ['SIGNATURE_MISSING', undefined, {}],
    ['KEY_UNKNOWN', await signed({}, SECRETS.stranger), {}],
    ['KEY_UNKNOWN', await signed({}, SECRETS.root), {}],
    ['VERSION_EXPIRED', await signed({ expiresAtMs: NOW }), {}],
    ['VERSION_EXPIRED', await signed({ expiresAtMs: 0 }), {}],
    ['ROOT_EXPIRED', await signed(), { nowMs: NOW + 1000 }],
    ['VERSION_MISMATCH', await signed({ cohort: 'other' }), {}],
    ['VERSION_MISMATCH', await signed({ modelDigest: fill(8) }), {}],
    ['VERSION_MISMATCH', await signed({ parentDigest: fill(8) }), {}],
    ['VERSION_ROLLBACK', await signed({}, SECRETS.signing, snapshot), { held: first, newest: 1 }],
    ['VERSION_ROLLBACK', await signed(), { held: { ...first, digest: fill(7) }, newest: 1 }],
  ] as const;
  for (const [code, message, changes] of refusals)
    await t.rejects(openVersion(ed, response(message), await receiver(changes)), { code }, code);
});

test('an older version is taken if a signed rollback names it, and only then', async (t) => {
  const back = await signed({}, SECRETS.signing, encodeSnapshot({ ...exported, publishedAtMs: NOW }));
  const at = await receiver({ held: first, newest: 1 });
  const statement = { modelDigest: fill(9), cohort: 'lobby', fromNumber: 1, to: exported, expiresAtMs: NOW + 1 };
  const rollback = (changes: Partial<typeof statement> = {}, secret = SECRETS.signing) =>
    signRollback(ed, { ...statement, ...changes }, [secret]);
  const { rolledBack } = await openVersion(ed, response(back, await rollback()), at);
  t.ok(rolledBack);
  const refusals = [
    ['VERSION_ROLLBACK', await rollback({ to: first }), at],
    ['VERSION_ROLLBACK', await rollback({ to: { ...exported, digest: fill(7) } }), at],
    ['VERSION_ROLLBACK', await rollback(), { ...at, held: { ...first, number: 2 }, newest: 2 }],
    ['VERSION_EXPIRED', await rollback({ expiresAtMs: NOW }), at],
    ['VERSION_MISMATCH', await rollback({ cohort: 'other' }), at],
    ['KEY_UNKNOWN', await rollback({}, SECRETS.stranger), at],
    ['KEY_UNKNOWN', await signed(), { ...at, root: await rootOf(1, SECRETS.root, SECRETS.signing2) }],
    ['SIGNATURE_INVALID', await signed(), at],
  ] as const;
  for (const [code, message, who] of refusals)
    await t.rejects(openVersion(ed, response(back, message), who), { code }, code);
});

test('keys rotate: a root is followed if its predecessor and it itself signed it', async (t) => {
  const one = await signRoot(ed, await rootOf(1, SECRETS.root, SECRETS.signing, NOW), [SECRETS.root]);
  const second = await rootOf(2, SECRETS.root2, SECRETS.signing);
  const two = await signRoot(ed, second, [SECRETS.root, SECRETS.root2]);
  const third = await rootOf(3, SECRETS.root2, SECRETS.signing2);
  const three = await signRoot(ed, third, [SECRETS.root2]);
  const start = await openRoot(ed, one);
  t.same(await followRoots(ed, start, [one, two, three]), third, 'through an expired one, over those that are known');
  const follow = (...chain: SignedMessage[]) => followRoots(ed, start, chain);
  await t.rejects(follow(three), { code: 'ROOT_INVALID' }, 'a gap');
  await t.rejects(
    follow(await signRoot(ed, second, [SECRETS.root2])),
    { code: 'KEY_UNKNOWN' },
    'not by the predecessor',
  );
  await t.rejects(follow(await signRoot(ed, second, [SECRETS.root])), { code: 'KEY_UNKNOWN' }, 'not by itself');
  await t.rejects(follow(await signRoot(ed, second, [SECRETS.signing])), { code: 'KEY_UNKNOWN' }, 'by a signing key');
  t.throws(() => checkRootExpiry(start, NOW), { code: 'ROOT_EXPIRED' });
  t.doesNotThrow(() => checkRootExpiry(start, NOW - 1));
});

test('a root that lets anyone in is no root', async (t) => {
  const good = await rootOf(1, SECRETS.root, SECRETS.signing);
  const bad: Partial<Root>[] = [
    { version: 0 },
    { root: { ...good.root, threshold: 0 } },
    { signing: { ...good.signing, threshold: 0 } },
    { signing: { keys: [fill(1).subarray(1)], threshold: 1 } },
    { root: { keys: [...good.root.keys, ...good.root.keys], threshold: 2 } },
  ];
  for (const changes of bad) {
    const root = await signRoot(ed, { ...good, ...changes }, [SECRETS.root]);
    await t.rejects(openRoot(ed, root), { code: 'ROOT_INVALID' });
  }
});

test('a signature of one kind of message is none of another', async (t) => {
  const text = Buffer.from('renorm.v1.Version\0m');
  t.same(signedText('renorm.v1.Version', Buffer.from('m')), new Uint8Array(text));
  const { message } = await signed();
  const asRollback = await signMessage(ed, 'renorm.v1.Rollback', message, [SECRETS.signing]);
  await t.rejects(openVersion(ed, response(asRollback), await receiver()), { code: 'SIGNATURE_INVALID' });
});
