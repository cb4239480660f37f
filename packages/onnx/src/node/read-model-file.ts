import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ExternalDataReader } from '../external-data.js';
import { hasExternalData, type OnnxModel, parseModel, serializeModel } from '../model.js';

/** onnxruntime, protobuf and Node read no more at once. */
const CHUNK = 2 ** 30;

/**
 * Reads a model, and the files beside it in which it keeps weights.
 *
 * @throws OnnxError as parseModel; the file system's error where the model's own file cannot be read
 */
export async function readModelFile(path: string): Promise<OnnxModel> {
  return parseModel(await readFile(path), basename(path), { externalData: readerIn(dirname(path)) });
}

/**
 * The bytes of a model in one piece: the file's own, or, where it keeps weights in other files, those of a model that has them in it.
 *
 * @throws as readModelFile; RangeError: more than 2 GiB in all
 */
export async function readModelBytes(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path);
  return hasExternalData(bytes) ? serializeModel(await readModelFile(path)) : bytes;
}

/** Reads pieces of the files in a folder. */
function readerIn(folder: string): ExternalDataReader {
  return (location, offset, length) => {
    const file = opened(join(folder, location));
    if (file === undefined) return undefined;
    try {
      const there = Math.max(fstatSync(file).size - offset, 0);
      const bytes = new Uint8Array(Math.min(length ?? there, there));
      let end = 0;
      for (let read = -1; end < bytes.length && read !== 0; end += read) {
        read = readSync(file, bytes, end, Math.min(bytes.length - end, CHUNK), offset + end);
      }
      return bytes.subarray(0, end);
    } finally {
      closeSync(file);
    }
  };
}

function opened(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
