import { describeModel, parseModel, readParameters } from '@renorm/onnx';
import { digestBytes, exportedVersion, RenormError, type VersionState } from '@renorm/protocol';

/** What both sides have to know of the model. */
export interface ModelFacts {
  readonly bytes: Uint8Array;
  /** SHA-256 of the file. */
  readonly digest: Uint8Array;
  /** Version 0. */
  readonly exported: VersionState;
  /** Of a sample, without the batch axis. */
  readonly shape: readonly number[];
}

/**
 * @param bytes of the ONNX file
 * @throws OnnxError, RenormError REQUEST_INVALID: an axis of the input besides the batch is not fixed
 */
export function modelFacts(bytes: Uint8Array, name: string): ModelFacts {
  const model = parseModel(bytes, name);
  const shape = describeModel(model).inputShape.slice(1);
  if (!shape.every((size) => typeof size === 'number')) {
    const text = `the input of ${name} is [${shape}] without its batch axis; give a model whose sizes are fixed.`;
    throw new RenormError('REQUEST_INVALID', text);
  }
  return { bytes, digest: digestBytes(bytes), exported: exportedVersion(readParameters(model)), shape };
}
