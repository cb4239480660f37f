import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { RenormError } from '@renorm/protocol';
import type { TrustMemory } from '../version-gate.js';

/** Remembers the newest version in a file: its number in decimal. @throws RenormError CREDENTIALS_UNREADABLE: something else is in it */
export function fileMemory(path: string): TrustMemory {
  const newest = read(path);
  return {
    read: () => newest,
    write(number) {
      // Never half a number, whenever the power fails.
      writeFileSync(`${path}.new`, `${number}\n`);
      renameSync(`${path}.new`, path);
    },
  };
}

function read(path: string): number {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw new RenormError('CREDENTIALS_UNREADABLE', `${path} cannot be read; check its rights.`, { cause });
  }
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
  const advice = 'see who changed it; remove it only if the device may start anew';
  throw new RenormError('CREDENTIALS_UNREADABLE', `${path} does not hold the number of a version; ${advice}.`);
}
