import { basename } from 'node:path';
import { OnnxError, type PrepareOptions } from '@renorm/onnx';
import { readModelBytes } from '@renorm/onnx/node';
import { unreadable } from '@renorm/protocol';
import type { ModelFile } from './models/model-facts.js';

/**
 * Reads a model that a user named.
 *
 * @param what it is called in messages
 * @param options what it does not say of itself
 * @throws OnnxError; RenormError MODEL_UNREADABLE
 */
export async function modelFile(
  source: string | Uint8Array,
  what: string,
  { output, sizes }: PrepareOptions = {},
): Promise<ModelFile> {
  const options = { ...(output !== undefined && { output }), ...(sizes && { sizes }) };
  if (typeof source !== 'string') return { name: what, bytes: source, options };
  try {
    return { name: `${what} ${basename(source)}`, bytes: await readModelBytes(source), options };
  } catch (cause) {
    if (cause instanceof OnnxError && cause.code !== 'ONNX_UNREADABLE') throw cause;
    throw unreadable('MODEL_UNREADABLE', `${what} ${source}`, cause instanceof OnnxError ? cause.cause : cause);
  }
}
