import { OnnxError } from '../errors.js';
import { openDims } from '../import/import-node.js';
import { type OnnxModel, shapeOf } from '../model/model.js';
import { type ClassifierOutput, classifierOutput, type OutputOptions } from './classifier-output.js';
import { fixSizes } from './fix-sizes.js';
import { floatInterface } from './float-interface.js';
import { logitsModel } from './logits-model.js';
import { openBatch } from './open-batch.js';
import { inOrder, type Prepared } from './rewrite.js';
import { type Sizes, sampleShape } from './sizes.js';

/** What a model does not say of itself. */
export interface PrepareOptions extends OutputOptions {
  /** Sizes of its input where it leaves them open. */
  readonly sizes?: Sizes;
}

/** A model whose input is float32 with an open batch, and whose only output are float32 logits [batch, classes]. */
export interface PreparedClassifier extends Prepared {
  /** Where the scores were, and how the model made probabilities of them. */
  readonly output: ClassifierOutput;
  /** Shape of a sample, without the batch axis. */
  readonly sampleShape: readonly number[];
  /** At least 2. */
  readonly classes: number;
  /** Whether the file takes whole numbers, such as token ids, which must not be rounded on their way. */
  readonly takesIntegers: boolean;
}

/**
 * Makes a classifier fit for adaptation: fixes open sizes, opens a fixed batch, takes the Softmax off and one output of
 * several, and puts a Cast where it takes another type than float32. A model that is fit is handed back as it is.
 * Devices and clouds call it, so that they ask the same of a model.
 *
 * @throws OnnxError ONNX_OUTPUT_UNCLEAR, ONNX_SIZES_OPEN, ONNX_UNSUPPORTED: it cannot be made fit; the message says
 *   what to give or to export
 */
export function prepareClassifier(model: OnnxModel, options: PrepareOptions = {}): PreparedClassifier {
  const shape = sampleShape(model, options.sizes);
  const sized = fixSizes(model, shape);
  const output = classifierOutput(sized.model, options);
  if (output.probabilities === 'sigmoid' && output.classes !== 1) {
    throw new OnnxError(
      'ONNX_UNSUPPORTED',
      `the output "${output.output}" of ${model.name} is a Sigmoid of each score, so its classes need not exclude each other; if they do, name the value before it, "${output.logits}", in the option output.`,
    );
  }
  const prepared = inOrder(sized.model, (each) => logitsModel(each, options), openBatch, floatInterface);
  const classes = openDims(shapeOf(prepared.model.output)).at(-1);
  if (classes === undefined || classes < 2) {
    throw new OnnxError(
      'ONNX_UNSUPPORTED',
      `${model.name} does not say how many classes its output "${output.output}" has; export it with a fixed class axis.`,
    );
  }
  return {
    ...{ model: prepared.model, changes: [...sized.changes, ...prepared.changes], output },
    ...{ sampleShape: shape, classes, takesIntegers: model.inputType === 'int64' || model.inputType === 'int32' },
  };
}
