import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { describeModel, type ModelDescription, parseModel } from '@renorm/onnx';
import { RenormError } from '@renorm/protocol';

/** Reads an ONNX file and says what it is. @throws RenormError MODEL_UNREADABLE, OnnxError ONNX_NOT_A_MODEL */
export async function describeFile(path: string): Promise<ModelDescription> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RenormError('MODEL_UNREADABLE', `the model ${path} cannot be read (${reason}); check the path.`, {
      cause,
    });
  });
  return describeModel(parseModel(bytes, basename(path)));
}
