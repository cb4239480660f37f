import { basename } from 'node:path';
import { OnnxError, type PrepareOptions } from '@renorm/onnx';
import { readModelBytes } from '@renorm/onnx/node';
import { type Preprocessing, unreadable } from '@renorm/protocol';
import { preprocessingBeside, readLabels, readPreprocessing } from '@renorm/protocol/node';
import type { ModelFile } from './models/model-facts.js';

/** What a model does not say of itself. */
export interface ModelOptions extends PrepareOptions {
  /**
   * How an image becomes its input, or the file that says so: a `preprocessor_config.json`, or timm's `config.json`.
   * Default: what such a file beside the model says.
   */
  readonly preprocessing?: string | Preprocessing;
  /** Names of its classes, in the order of their indices, or a file of them. Default: those in its metadata. */
  readonly labels?: string | readonly string[];
  /**
   * Of a foundation model, where its classes are others or in another order: for each class of the edge model its index
   * among them; or the names of all of them, or a file of names, in which those of the edge model are looked for.
   */
  readonly classes?: string | readonly number[] | readonly string[];
}

/**
 * Reads a model that a user named.
 *
 * @param what it is called in messages
 * @param given what it does not say of itself
 * @throws OnnxError; RenormError MODEL_UNREADABLE, REQUEST_INVALID: a file with names or preprocessing cannot be read
 */
export async function modelFile(
  source: string | Uint8Array,
  what: string,
  { output, sizes, preprocessing, labels, classes }: ModelOptions = {},
): Promise<ModelFile> {
  const beside =
    typeof source === 'string' && preprocessing === undefined ? await preprocessingBeside(source) : undefined;
  const said = {
    options: { ...(output !== undefined && { output }), ...(sizes && { sizes }) },
    ...(preprocessing !== undefined && {
      preprocessing: typeof preprocessing === 'string' ? await readPreprocessing(preprocessing) : preprocessing,
    }),
    ...(beside && { beside }),
    ...(labels !== undefined && { labels: typeof labels === 'string' ? await readLabels(labels) : labels }),
    ...(classes !== undefined && { classes: typeof classes === 'string' ? await readLabels(classes) : classes }),
  };
  if (typeof source !== 'string') return { name: what, bytes: source, ...said };
  try {
    return { name: `${what} ${basename(source)}`, bytes: await readModelBytes(source), ...said };
  } catch (cause) {
    if (cause instanceof OnnxError && cause.code !== 'ONNX_UNREADABLE') throw cause;
    throw unreadable('MODEL_UNREADABLE', `${what} ${source}`, cause instanceof OnnxError ? cause.cause : cause);
  }
}
