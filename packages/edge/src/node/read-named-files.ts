import { readFile } from 'node:fs/promises';
import { type Preprocessing, parsePreprocessingFile, RenormError, unreadable } from '@renorm/protocol';
import { parseLabels } from '../core/labels.js';

/** The names in a file; see `parseLabels`. @throws RenormError REQUEST_INVALID */
export async function readLabels(path: string): Promise<string[]> {
  const names = parseLabels(await read(path, 'the file of labels'));
  if (names !== undefined) return names;
  const text = `the file of labels ${path} names no classes; give a line for each, an array in JSON, or a config.json with id2label.`;
  throw new RenormError('REQUEST_INVALID', text);
}

/** What a file says that lies beside many published models; see `parsePreprocessingFile`. @throws RenormError REQUEST_INVALID */
export async function readPreprocessing(path: string): Promise<Preprocessing> {
  const preprocessing = parsePreprocessingFile(await read(path, 'the file of preprocessing'));
  if (typeof preprocessing !== 'string') return preprocessing;
  const text = `the file of preprocessing ${path} cannot be followed: ${preprocessing}. Say it in the option preprocessing: fit, shorterSide, filter, mean, deviation.`;
  throw new RenormError('REQUEST_INVALID', text);
}

function read(path: string, what: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw unreadable('REQUEST_INVALID', `${what} ${path}`, cause);
  });
}
