import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { followRoots, fromBinary, openRoot, SignedMessageSchema, toHex, webEd25519 } from '@renorm/protocol';
import { test } from 'tap';
import { writeSecretKey } from './key-file.js';
import { publicKeyText, writeNextRoot, writePublicKey } from './root-files.js';
import { Signer } from './signer.js';

const at = mkdtempSync(join(tmpdir(), 'renorm-roots-'));
const roots = join(at, 'roots');
const expiresAtMs = 4e12;

/** Makes a key and its public half. */
async function key(name: string, byte: number): Promise<string> {
  const path = join(at, name);
  writeSecretKey(path, new Uint8Array(32).fill(byte));
  await writePublicKey(path);
  return path;
}

test('roots follow each other: a device with the first comes to the last', async (t) => {
  const [rootKey, otherRootKey] = [await key('root', 1), await key('other-root', 2)];
  const [signing, next] = [`${await key('signing', 3)}.pub`, `${await key('next', 4)}.pub`];
  const one = await writeNextRoot({ roots, rootKey, signing: [signing], expiresAtMs });
  t.match(one, { file: join(roots, '1.root'), root: { version: 1 } });
  const stranger = writeNextRoot({ roots, rootKey: otherRootKey, signing: [next], expiresAtMs });
  await t.rejects(stranger, { code: 'KEY_UNKNOWN' }, 'only the root key of before makes a successor');
  await writeNextRoot({ roots, rootKey, newRootKey: otherRootKey, signing: [signing, next], expiresAtMs });
  const three = await writeNextRoot({ roots, rootKey: otherRootKey, signing: [next], expiresAtMs });
  t.equal(three.root.version, 3);

  const first = await openRoot(webEd25519, fromBinary(SignedMessageSchema, new Uint8Array(readFileSync(one.file))));
  const served = await new Signer({ key: join(at, 'next'), roots }, () => undefined).rootsAfter(1);
  const last = await followRoots(webEd25519, first, served);
  t.same(last, three.root);
  t.same(last.signing.keys.map(toHex), [await publicKeyText(join(at, 'next'))]);
});

test('a file that is no public key is named', async (t) => {
  const file = join(at, 'signing');
  const root = writeNextRoot({ roots: join(at, 'none'), rootKey: join(at, 'root'), signing: [file], expiresAtMs });
  await t.rejects(root, { code: 'CREDENTIALS_UNREADABLE', message: /\.pub/ });
});
