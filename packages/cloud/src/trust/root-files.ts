import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  checkOptions,
  webEd25519 as ed,
  followRoots,
  fromBinary,
  type OptionRules,
  openRoot,
  option,
  RenormError,
  type Role,
  type Root,
  type SignedMessage,
  SignedMessageSchema,
  signRoot,
  toBinary,
  toHex,
  unreadable,
} from '@renorm/protocol';
import { createDurably, makeFolderDurably, writeDurably } from '../store/durable-file.js';
import { readSecretKey } from './key-file.js';

/** Roots and public keys are for everybody. */
const PUBLIC_FILE = 0o644;
const PUBLIC_FOLDER = 0o755;

/** What the next root says. */
export interface NextRoot {
  /** Folder of roots: 1.root, 2.root and so on. */
  readonly roots: string;
  /** Files of the root's secret keys. The first signs now; the others, if there are any, take its place. */
  readonly rootKey: string;
  readonly newRootKey?: string;
  /** Files of the signing keys' public halves, as `renorm keys create` writes them. */
  readonly signing: readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
}

const { required, text, texts, number } = option;

const RULES = {
  roots: required(text),
  rootKey: required(text),
  newRootKey: text,
  signing: required(texts),
  expiresAtMs: required(number),
} satisfies OptionRules<NextRoot>;

/**
 * Writes the root that follows those in the folder, or the first one.
 *
 * @returns the file and what it says
 * @throws RenormError CREDENTIALS_UNREADABLE, ROOT_INVALID, KEY_UNKNOWN (the root key is not the one that the root
 *   before names)
 */
export async function writeNextRoot(next: NextRoot): Promise<{ file: string; root: Root }> {
  checkOptions('writeNextRoot', next, RULES);
  const chain = readRoots(next.roots);
  const [first, ...rest] = chain;
  const before = first && (await followRoots(ed, await openRoot(ed, first), rest));
  const secret = readSecretKey(next.rootKey).seed;
  const own = next.newRootKey === undefined ? secret : readSecretKey(next.newRootKey).seed;
  const root: Root = {
    version: chain.length + 1,
    expiresAtMs: next.expiresAtMs,
    root: role([await ed.publicKeyOf(own)]),
    signing: role(next.signing.map(readPublicKey)),
  };
  const signed = await signRoot(ed, root, own === secret ? [secret] : [secret, own]);
  // Exactly what a device will do with it.
  if (before === undefined) await openRoot(ed, signed);
  else await followRoots(ed, before, [signed]);
  makeFolderDurably(next.roots, PUBLIC_FOLDER);
  const file = join(next.roots, `${root.version}.root`);
  createDurably(file, toBinary(SignedMessageSchema, signed), PUBLIC_FILE);
  return { file, root };
}

/** The public half of a secret key file, hexadecimal. @throws RenormError CREDENTIALS_UNREADABLE */
export async function publicKeyText(secretKeyFile: string): Promise<string> {
  return toHex(await ed.publicKeyOf(readSecretKey(secretKeyFile).seed));
}

/**
 * Writes the public half of a secret key file beside it.
 *
 * @returns the file and what it says, hexadecimal @throws as `publicKeyText`
 */
export async function writePublicKey(secretKeyFile: string): Promise<{ file: string; text: string }> {
  const text = await publicKeyText(secretKeyFile);
  const file = `${secretKeyFile}.pub`;
  writeDurably(file, `${text}\n`, PUBLIC_FILE);
  return { file, text };
}

const role = (keys: Uint8Array[]): Role => ({ keys, threshold: 1 });

function readRoots(folder: string): SignedMessage[] {
  let names: string[] = [];
  try {
    names = readdirSync(folder).filter((name) => /^[1-9]\d*\.root$/.test(name));
  } catch {
    // A folder that is not there holds no roots.
  }
  return names.map((_, i) => {
    const file = join(folder, `${i + 1}.root`);
    try {
      return fromBinary(SignedMessageSchema, new Uint8Array(readFileSync(file)));
    } catch (cause) {
      const text = `${file} cannot be read as root metadata; every root from 1 on has to be in the folder.`;
      throw new RenormError('CREDENTIALS_UNREADABLE', text, { cause });
    }
  });
}

function readPublicKey(file: string): Uint8Array {
  let text = '';
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw unreadable('CREDENTIALS_UNREADABLE', file, cause);
  }
  if (/^[0-9a-f]{64}$/.test(text)) return new Uint8Array(Buffer.from(text, 'hex'));
  const advice = 'give the .pub file that renorm keys create wrote (64 hexadecimal digits)';
  throw new RenormError('CREDENTIALS_UNREADABLE', `${file} is no public key; ${advice}.`);
}
