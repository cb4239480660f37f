import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseLabels } from '../class-names.js';
import { RenormError, unreadable } from '../errors.js';
import type { Preprocessing } from '../preprocessing.js';
import { parsePreprocessingFile } from '../preprocessing-file.js';

/** The names in a file; see `parseLabels`. @throws RenormError REQUEST_INVALID */
export async function readLabels(path: string): Promise<string[]> {
  const names = parseLabels(await read(path, 'the file of labels'));
  if (names !== undefined) return names;
  const text = `the file of labels ${path} names no classes; give a line for each, an array in JSON, or a config.json with id2label.`;
  throw new RenormError('REQUEST_INVALID', text);
}

/**
 * What a file says that lies beside many published models; see `parsePreprocessingFile`.
 *
 * @throws RenormError REQUEST_INVALID
 */
export async function readPreprocessing(path: string): Promise<Preprocessing> {
  const preprocessing = parsePreprocessingFile(await read(path, 'the file of preprocessing'));
  if (typeof preprocessing !== 'string') return preprocessing;
  throw new RenormError('REQUEST_INVALID', `the file of preprocessing ${path} ${unfollowed(preprocessing)}.`);
}

/** What was found beside a model. */
export interface FoundPreprocessing {
  readonly file: string;
  /** What it says, or why it cannot be followed, and what to do. */
  readonly says: Preprocessing | string;
}

/**
 * Looks for a `preprocessor_config.json`, or timm's `config.json`, beside a model, or above a folder `onnx` that it
 * lies in.
 *
 * @param model path of the ONNX file
 * @returns undefined: there is none
 */
export async function preprocessingBeside(model: string): Promise<FoundPreprocessing | undefined> {
  const folder = dirname(model);
  for (const at of basename(folder) === 'onnx' ? [folder, dirname(folder)] : [folder]) {
    for (const name of ['preprocessor_config.json', 'config.json']) {
      const file = join(at, name);
      const text = await readFile(file, 'utf8').catch(() => undefined);
      if (text === undefined) continue;
      const says = parsePreprocessingFile(text);
      if (typeof says !== 'string') return { file, says };
      // A config.json may be about anything.
      if (name === 'preprocessor_config.json') return { file, says: unfollowed(says) };
    }
  }
  return undefined;
}

const unfollowed = (why: string): string =>
  `cannot be followed: ${why}. Say it in the option preprocessing: fit, shorterSide, filter, mean, std`;

function read(path: string, what: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw unreadable('REQUEST_INVALID', `${what} ${path}`, cause);
  });
}
