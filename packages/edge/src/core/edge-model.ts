import {
  describeModel,
  parseModel,
  prepareClassifier,
  readParameters,
  type Sizes,
  serializeModel,
  sketchedLayers,
} from '@renorm/onnx';
import {
  exportedVersion,
  labelsInMetadata,
  type Preprocessing,
  RenormError,
  type VersionState,
} from '@renorm/protocol';

/** What a model does not say of itself. The same as the cloud is given. */
export interface ModelOptions {
  /** Which output holds a score for each class, or which value inside, where the model does not say. */
  readonly output?: string;
  /** Sizes of the input's axes that the model leaves open, by name: `{ height: 224, width: 224 }`. */
  readonly sizes?: Sizes;
  /** Shape of a sample; as `sizes`, for all axes but the batch. */
  readonly shape?: readonly number[];
}

/** What a device knows of its model. */
export interface ModelFacts {
  /** The value of the file that holds the scores: before a Softmax, where there is one. */
  readonly output: string;
  /** Of a sample, without the batch axis. */
  readonly shape: readonly number[];
  readonly classes: number;
  /** Names of the classes, where the model's metadata give one to each. */
  readonly labels?: readonly string[];
  /** What was done to make the model fit for adaptation, in sentences; none where it is served as it is. */
  readonly changes: readonly string[];
}

/** An edge model, read and checked. */
export interface EdgeModel extends ModelFacts {
  /** The file's own, or those of a model that gives its logits for any batch where the file does not. */
  readonly bytes: Uint8Array;
  /** Its name in errors. */
  readonly name: string;
  /** SHA-256 of the file's bytes. */
  readonly digest: Uint8Array;
  readonly inputName: string;
  readonly outputName: string;
  /** Whether samples are whole numbers, such as token ids, which must not be rounded on their way. */
  readonly takesIntegers: boolean;
  /** Version 0. */
  readonly exported: VersionState;
  /** How images become its input, where nobody says it. */
  readonly preprocessing?: Preprocessing;
  /** Whether sketches can be made of it. */
  readonly canSketch: boolean;
}

/**
 * Finds out what a device has to know of a model, and prepares it as the cloud does: without a Softmax at its end, with
 * an open batch.
 *
 * @param bytes of the file; kept, the caller leaves them alone
 * @param name in errors
 * @throws RenormError REQUEST_INVALID; OnnxError, as prepareClassifier; ONNX_NOT_A_MODEL, ONNX_NO_NORMALIZATION
 */
export async function checkEdgeModel(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  options: ModelOptions = {},
): Promise<EdgeModel> {
  const file = parseModel(bytes, name);
  const { shape } = options;
  if (shape !== undefined) checkShape(name, describeModel(file).inputShape.slice(1), shape);
  const sizes = shape ?? options.sizes;
  const { model, changes, output, sampleShape, classes, takesIntegers } = prepareClassifier(file, {
    ...(sizes && { sizes }),
    ...(options.output !== undefined && { output: options.output }),
  });
  const labels = labelsInMetadata(file.proto.metadataProps, classes);
  return {
    ...(labels && { labels }),
    ...{ name, classes, changes, takesIntegers, output: output.logits, shape: sampleShape },
    inputName: model.input.name,
    outputName: model.output.name,
    bytes: changes.length === 0 ? bytes : serializeModel(model),
    digest: new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)),
    exported: exportedVersion(readParameters(model)),
    // The graph that measures takes floats.
    canSketch: !takesIntegers && sketchedLayers(model).length > 0,
  };
}

function checkShape(name: string, declared: readonly (number | string)[], shape: readonly number[]): void {
  const fits =
    shape.length === declared.length &&
    shape.every((size, i) => typeof declared[i] !== 'number' || declared[i] === size);
  if (fits) return;
  throw new RenormError(
    'REQUEST_INVALID',
    `the option shape is [${shape}], the input of ${name} is [${declared}] without its batch axis.`,
  );
}
