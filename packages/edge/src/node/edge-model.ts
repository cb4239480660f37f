import { OnnxError } from '@renorm/onnx';
import { readModelBytes } from '@renorm/onnx/node';
import { unreadable } from '@renorm/protocol';
import { checkEdgeModel, type EdgeModel, type ModelOptions } from '../core/edge-model.js';

/**
 * Reads a model and finds out what a device has to know of it.
 *
 * @param source path, or the bytes of the file
 * @throws RenormError MODEL_UNREADABLE, REQUEST_INVALID; OnnxError as checkEdgeModel
 */
export async function readEdgeModel(source: string | Uint8Array, options: ModelOptions = {}): Promise<EdgeModel> {
  return typeof source === 'string'
    ? checkEdgeModel(await readModelFile(source), source, options)
    : checkEdgeModel(new Uint8Array(source), 'the model', options);
}

async function readModelFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readModelBytes(path));
  } catch (cause) {
    if (cause instanceof OnnxError && cause.code !== 'ONNX_UNREADABLE') throw cause;
    throw unreadable('MODEL_UNREADABLE', `the model ${path}`, cause instanceof OnnxError ? cause.cause : cause);
  }
}
