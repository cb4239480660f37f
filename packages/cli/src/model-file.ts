import { describeModel, type ModelDescription, OnnxError } from '@renorm/onnx';
import { readModelFile } from '@renorm/onnx/node';
import { unreadable } from '@renorm/protocol';

/** Reads an ONNX file and says what it is. @throws RenormError MODEL_UNREADABLE, OnnxError ONNX_NOT_A_MODEL */
export async function describeFile(path: string): Promise<ModelDescription> {
  try {
    return describeModel(await readModelFile(path));
  } catch (cause) {
    if (cause instanceof OnnxError && cause.code !== 'ONNX_UNREADABLE') throw cause;
    throw unreadable('MODEL_UNREADABLE', `the model ${path}`, cause instanceof OnnxError ? cause.cause : cause);
  }
}
