import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RenormError } from '@renorm/protocol';
import { writeDurably } from './durable-file.js';

/** What the data folder says about itself, readable without opening the store. */
export interface FolderFacts {
  readonly format: number;
  /** Hexadecimal SHA-256 of the models. */
  readonly edgeModel: string;
  /** Not there where no strategy has needed one. */
  readonly foundationModel?: string;
  /**
   * What has to be in the folder, so that a store that was lost is not taken for one that never was. `none`: nothing
   * has been acknowledged yet; `made`: there is a store; `used`: it holds samples. Not there in folders of the first
   * release.
   */
  readonly store?: StoreMark;
}

export type StoreMark = 'none' | 'made' | 'used';

/** The format that this release writes. */
export const DATA_FORMAT = 2;

const NAME = 'renorm.json';
const MARKS: readonly StoreMark[] = ['none', 'made', 'used'];

export type ReadFacts =
  | { readonly kind: 'absent' }
  | { readonly kind: 'damaged'; readonly why: string }
  | { readonly kind: 'facts'; readonly facts: FolderFacts };

/** @throws RenormError DATA_FORMAT_NEWER; what the file system says */
export function readFacts(folder: string): ReadFacts {
  let text: string;
  try {
    text = readFileSync(join(folder, NAME), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'absent' };
    throw error;
  }
  const damaged = (why: string): ReadFacts => ({ kind: 'damaged', why: `${NAME} ${why}` });
  if (text === '') return damaged('is empty');
  if (/^\0+$/.test(text)) return damaged('holds zeros');
  let value: Partial<Record<keyof FolderFacts, unknown>> | null;
  try {
    value = JSON.parse(text);
  } catch {
    return damaged('is cut off, or is no JSON');
  }
  const { format, edgeModel, foundationModel, store } = value ?? {};
  if (!Number.isSafeInteger(format) || Number(format) < 1) return damaged('names no format');
  if (Number(format) > DATA_FORMAT)
    throw new RenormError(
      'DATA_FORMAT_NEWER',
      `the data folder ${folder} has format ${format}, this release knows up to ${DATA_FORMAT}. Run the release that wrote it; nothing was changed.`,
    );
  if (typeof edgeModel !== 'string' || (foundationModel !== undefined && typeof foundationModel !== 'string'))
    return damaged('names no models');
  if (store !== undefined && !MARKS.includes(store as StoreMark))
    return damaged('says nothing sensible about its store');
  return {
    kind: 'facts',
    facts: {
      format: Number(format),
      edgeModel,
      ...(foundationModel !== undefined && { foundationModel }),
      ...(store !== undefined && { store: store as StoreMark }),
    },
  };
}

export function writeFacts(folder: string, facts: FolderFacts): void {
  writeDurably(join(folder, NAME), `${JSON.stringify(facts, null, 2)}\n`);
}
