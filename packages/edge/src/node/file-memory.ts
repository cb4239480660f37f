import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fromBinary, RenormError, reasonOf, SignedMessageSchema, toBinary, unreadable } from '@renorm/protocol';
import type { Recalled, Remembered, TrustMemory } from '../core/platform.js';
import { writeDurably } from './durable-file.js';

/** What stands in a file, as JSON. */
interface Stored {
  /** Counts writes: of two copies the one with the larger number is newer. Not in files of the first release. */
  readonly serial?: number;
  readonly newest: number;
  /** Public keys in base64. */
  readonly vouchedBy?: readonly string[];
  /** Signed roots in base64, oldest first. */
  readonly roots: readonly string[];
  /** SHA-256 over the JSON of the others. */
  readonly check?: string;
}

/** What a copy is. */
type Copy =
  | { readonly kind: 'absent' }
  /** As a power failure leaves it: empty, zeros, cut off. */
  | { readonly kind: 'damaged'; readonly why: string }
  | { readonly kind: 'whole'; readonly serial: number; readonly remembered: Remembered };

/** A memory, and what it holds. */
export interface OpenedMemory {
  readonly memory: TrustMemory;
  readonly recalled: Recalled;
}

/**
 * Remembers the newest version and the roots in two files that are written in turn, `path` and `path.2`: while one is
 * written, the other is whole.
 *
 * @throws RenormError CREDENTIALS_UNREADABLE: something else is in the file, or somebody changed it
 */
export async function openFileMemory(path: string): Promise<OpenedMemory> {
  const paths = [path, `${path}.2`] as const;
  const copies = await Promise.all(paths.map(readCopy));
  const whole = copies.filter((copy) => copy.kind === 'whole').sort((a, b) => b.serial - a.serial);
  const [newest] = whole;
  const damaged = copies.find((copy) => copy.kind === 'damaged');
  let serial = newest?.serial ?? 0;
  // Over the older copy, or the one that is not whole.
  let turn = newest === undefined || copies[0] !== newest ? 0 : 1;
  const recalled: Recalled = newest?.remembered ?? {
    ...NOTHING,
    ...(damaged && { lost: lostText(path, damaged.why) }),
  };
  const memory: TrustMemory = {
    async write(remembered) {
      const file = paths[turn] as string;
      try {
        await writeDurably(file, format(remembered, serial + 1));
      } catch (cause) {
        const text = `the trust memory ${file} cannot be written (${reasonOf(cause)}); until it can, a restart forgets what is newest. Make room, or correct its rights.`;
        throw new RenormError('DATA_NOT_WRITABLE', text, { cause });
      }
      serial++;
      turn = 1 - turn;
    },
  };
  return { memory, recalled };
}

const NOTHING: Remembered = { newest: 0, vouchedBy: [], roots: [] };

function lostText(path: string, why: string): string {
  return `the trust memory ${path} is damaged (${why}), as a power failure leaves a file, and so is its second copy; the device starts from its root again, and takes versions that are older than those it had. If it matters, compare its version with that of other devices.`;
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
const checkOf = (stored: Omit<Stored, 'check'>): string =>
  createHash('sha256').update(JSON.stringify(stored)).digest('hex');

function format({ newest, vouchedBy, roots }: Remembered, serial: number): string {
  const stored: Stored = {
    ...{ serial, newest, vouchedBy: vouchedBy.map(base64) },
    roots: roots.map((root) => base64(toBinary(SignedMessageSchema, root))),
  };
  return `${JSON.stringify({ ...stored, check: checkOf(stored) })}\n`;
}

async function readCopy(path: string): Promise<Copy> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'absent' };
    throw unreadable('CREDENTIALS_UNREADABLE', `the trust memory ${path}`, cause, 'check its rights');
  }
  if (text.trim() === '') return { kind: 'damaged', why: 'it is empty' };
  if (text.includes('\0')) return { kind: 'damaged', why: 'it has zeros in it' };
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch (cause) {
    // Written whole, it begins with a brace and ends with one.
    if (text.startsWith('{') && !text.trimEnd().endsWith('}')) return { kind: 'damaged', why: 'it is cut off' };
    throw foreign(path, cause);
  }
  try {
    return parse(stored);
  } catch (cause) {
    throw foreign(path, cause);
  }
}

function foreign(path: string, cause: unknown): RenormError {
  const advice = 'see who changed it; remove it only if the device may start anew';
  return new RenormError('CREDENTIALS_UNREADABLE', `${path} does not hold what a device remembers; ${advice}.`, {
    cause,
  });
}

function parse(value: unknown): Copy {
  const { check, ...stored } = (value ?? {}) as Partial<Record<keyof Stored, unknown>>;
  const { newest, roots, serial = 0, vouchedBy = [] } = stored;
  if (!isCount(newest)) throw new Error('newest is no number of a version');
  if (!isCount(serial)) throw new Error('serial is no number');
  if (!isTexts(roots) || !isTexts(vouchedBy)) throw new Error('roots or keys are no strings');
  if (check !== undefined && check !== checkOf(stored as Omit<Stored, 'check'>)) throw new Error('it was changed');
  const remembered: Remembered = {
    ...{ newest, vouchedBy: vouchedBy.map(fromBase64) },
    roots: roots.map((root) => fromBinary(SignedMessageSchema, fromBase64(root))),
  };
  return { kind: 'whole', serial, remembered };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((text) => typeof text === 'string');
