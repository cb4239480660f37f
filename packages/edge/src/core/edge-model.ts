import { describeModel, parseModel, prepareClassifier, readParameters, serializeModel } from '@renorm/onnx';
import { exportedVersion, RenormError, type VersionState } from '@renorm/protocol';

/** An edge model, read and checked. */
export interface EdgeModel {
  /** The file's own, or those of a model that gives its logits for any batch where the file does not. */
  readonly bytes: Uint8Array;
  /** Its name in errors. */
  readonly name: string;
  /** SHA-256 of the file's bytes. */
  readonly digest: Uint8Array;
  readonly inputName: string;
  readonly outputName: string;
  /** Without the batch axis. */
  readonly shape: readonly number[];
  readonly classes: number;
  /** Version 0. */
  readonly exported: VersionState;
}

/**
 * Finds out what a device has to know of a model, and prepares it as the cloud does: without a Softmax at its end, with an open batch.
 *
 * @param bytes of the file; kept, the caller leaves them alone
 * @param name in errors
 * @param shape of a sample, for a model whose axes besides the batch are not all fixed
 * @throws RenormError MODEL_UNREADABLE, REQUEST_INVALID; OnnxError ONNX_NOT_A_MODEL, ONNX_NO_NORMALIZATION
 */
export async function checkEdgeModel(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  shape?: readonly number[],
): Promise<EdgeModel> {
  const file = parseModel(bytes, name);
  const sample = sampleShape(name, describeModel(file).inputShape.slice(1), shape);
  const { model, changes } = prepareClassifier(file, { sizes: sample });
  const { inputName, inputType, outputName, classes } = describeModel(model);
  if (inputType !== 'float32') {
    throw new RenormError(
      'MODEL_UNREADABLE',
      `${name} takes ${inputType}, and a device is given float32 samples; export it with a float32 input.`,
    );
  }
  if (classes === undefined || classes < 2) {
    throw new RenormError(
      'MODEL_UNREADABLE',
      `${name} does not say how many classes its output ${outputName} has; export it with a fixed class axis.`,
    );
  }
  return {
    ...{ name, inputName, outputName, classes },
    bytes: changes.length === 0 ? bytes : serializeModel(model),
    digest: new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)),
    shape: sample,
    exported: exportedVersion(readParameters(model)),
  };
}

function sampleShape(
  name: string,
  declared: readonly (number | string)[],
  given: readonly number[] | undefined,
): readonly number[] {
  const shape = given ?? declared;
  const fits =
    shape.length === declared.length &&
    shape.every((size, i) => typeof declared[i] !== 'number' || declared[i] === size);
  if (!fits)
    throw new RenormError(
      'REQUEST_INVALID',
      `the option shape is [${shape}], the input of ${name} is [${declared}] without its batch axis.`,
    );
  if (shape.every((size): size is number => typeof size === 'number' && Number.isSafeInteger(size) && size > 0))
    return [...shape];
  throw new RenormError(
    'REQUEST_INVALID',
    `the input of ${name} is [${declared}] without its batch axis; give the sizes in the option shape.`,
  );
}
