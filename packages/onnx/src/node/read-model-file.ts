import { closeSync, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { OnnxError } from '../errors.js';
import type { ExternalDataReader } from '../model/external-data.js';
import { hasExternalData, type OnnxModel, parseModel, serializeModel } from '../model/model.js';

/** onnxruntime, protobuf and Node read no more at once. */
const CHUNK = 2 ** 30;

/**
 * Reads a model, and the files beside it in which it keeps weights.
 *
 * @throws OnnxError as parseModel; ONNX_UNREADABLE: the model's own file cannot be read
 */
export async function readModelFile(path: string): Promise<OnnxModel> {
  return parseModel(await bytesOf(path), basename(path), { externalData: readerBeside(path) });
}

/**
 * The bytes of a model in one piece: the file's own, or, where it keeps weights in other files, those of a model that
 * has them in it.
 *
 * @throws as readModelFile; RangeError: more than 2 GiB in all
 */
export async function readModelBytes(path: string): Promise<Uint8Array> {
  const bytes = await bytesOf(path);
  return hasExternalData(bytes) ? serializeModel(await readModelFile(path)) : bytes;
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const why = REASONS[code] ?? (cause instanceof Error ? cause.message : String(cause));
    throw new OnnxError('ONNX_UNREADABLE', `the model ${path} cannot be read: ${why}.`, { cause });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file; check the path',
  EISDIR: 'it is a folder; name the file in it',
  ENOTDIR: 'a part of its path is a file, not a folder; check the path',
  EACCES: 'this user has no right to; give it the right to read the file',
  ERR_FS_FILE_TOO_LARGE: 'it is larger than 2 GiB; keep its weights in a file beside it',
};

/** Reads pieces of the files beside a model. */
function readerBeside(model: string): ExternalDataReader {
  return (location, offset, length) => {
    const path = join(dirname(model), location);
    const file = opened(path);
    if (file === undefined) return undefined;
    try {
      stayBeside(model, path);
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

/**
 * A model must not read what it could not name. The file may lie where the model itself lies once links are followed:
 * stores of models keep both in one folder and link to them.
 */
function stayBeside(model: string, path: string): void {
  const real = realpathSync(path);
  const folders = [realpathSync(dirname(model)), dirname(realpathSync(model))];
  const isIn = (folder: string): boolean => {
    const way = relative(folder, real);
    return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
  };
  if (!folders.some(isIn)) throw new Error('it is a link that leaves the folder of the model');
}

function opened(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
