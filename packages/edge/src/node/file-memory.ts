import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fromBinary, RenormError, reasonOf, SignedMessageSchema, toBinary, unreadable } from '@renorm/protocol';
import type { Remembered, TrustMemory } from '../core/version-gate.js';

/** What stands in the file. */
interface Stored {
  readonly newest: number;
  /** Signed roots in base64, oldest first. */
  readonly roots: readonly string[];
}

/**
 * Remembers the newest version and the roots in a file of JSON.
 *
 * @throws RenormError CREDENTIALS_UNREADABLE: something else is in it
 */
export function fileMemory(path: string): TrustMemory {
  const remembered = read(path);
  return {
    read: () => remembered,
    write({ newest, roots }) {
      const stored: Stored = {
        newest,
        roots: roots.map((root) => Buffer.from(toBinary(SignedMessageSchema, root)).toString('base64')),
      };
      try {
        // Never half a file, whenever the power fails.
        writeFileSync(`${path}.new`, `${JSON.stringify(stored)}\n`);
        renameSync(`${path}.new`, path);
      } catch (cause) {
        const text = `the trust memory ${path} cannot be written (${reasonOf(cause)}); until it can, a restart forgets what is newest. Make room, or correct its rights.`;
        throw new RenormError('DATA_NOT_WRITABLE', text, { cause });
      }
    },
  };
}

function read(path: string): Remembered {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return { newest: 0, roots: [] };
    throw unreadable('CREDENTIALS_UNREADABLE', `the trust memory ${path}`, cause, 'check its rights');
  }
  try {
    return parse(JSON.parse(text));
  } catch (cause) {
    const advice = 'see who changed it; remove it only if the device may start anew';
    throw new RenormError('CREDENTIALS_UNREADABLE', `${path} does not hold what a device remembers; ${advice}.`, {
      cause,
    });
  }
}

function parse(stored: unknown): Remembered {
  const { newest, roots } = (stored ?? {}) as Partial<Record<keyof Stored, unknown>>;
  if (!Number.isSafeInteger(newest) || Number(newest) < 0) throw new Error('newest is no number of a version');
  if (!Array.isArray(roots) || !roots.every((root) => typeof root === 'string'))
    throw new Error('roots are no strings');
  const signed = roots.map((root) => fromBinary(SignedMessageSchema, new Uint8Array(Buffer.from(root, 'base64'))));
  return { newest: Number(newest), roots: signed };
}
