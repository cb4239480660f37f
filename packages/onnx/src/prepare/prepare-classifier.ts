import { OnnxError } from '../errors.js';
import type { OnnxModel } from '../model/model.js';
import { type ClassifierOutput, classifierOutput, type OutputOptions } from './classifier-output.js';
import { fixSizes } from './fix-sizes.js';
import { floatInterface } from './float-interface.js';
import { logitsModel } from './logits-model.js';
import { openBatch } from './open-batch.js';
import { inOrder, type Prepared } from './rewrite.js';

/** What a model does not say of itself. */
export interface PrepareOptions extends OutputOptions {
  /** Sizes of its input, all but the batch, where it leaves them open. */
  readonly sizes?: readonly number[];
}

/** A model whose input is float32 or token ids with an open batch, and whose only output are float32 logits [batch, classes]. */
export interface PreparedClassifier extends Prepared {
  /** Where the scores were, and how the model made probabilities of them. */
  readonly output: ClassifierOutput;
}

/**
 * Makes a classifier fit for adaptation: fixes open sizes, opens a fixed batch, takes the Softmax off and one output of several, and
 * puts a Cast where it takes another type than float32. A model that is fit is handed back as it is. Devices and clouds call it, so that they ask the same of a model.
 *
 * @throws OnnxError ONNX_OUTPUT_UNCLEAR, ONNX_UNSUPPORTED: it cannot be made fit; the message says what to export
 */
export function prepareClassifier(model: OnnxModel, options: PrepareOptions = {}): PreparedClassifier {
  const { sizes } = options;
  const sized = sizes === undefined ? { model, changes: [] } : fixSizes(model, sizes);
  const output = classifierOutput(sized.model, options);
  if (output.probabilities === 'sigmoid' && output.classes !== 1) {
    throw new OnnxError(
      'ONNX_UNSUPPORTED',
      `the output "${output.output}" of ${model.name} is a Sigmoid of each score, so its classes need not exclude each other; if they do, name the value before it, "${output.logits}", in the option output.`,
    );
  }
  const prepared = inOrder(sized.model, (each) => logitsModel(each, options), openBatch, floatInterface);
  return { model: prepared.model, changes: [...sized.changes, ...prepared.changes], output };
}
