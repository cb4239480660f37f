import { exportGraph } from './graph/export-graph.js';
import type { Value } from './graph/types.js';
import { importGraph } from './import/import-graph.js';
import type { OnnxModel } from './model/model.js';
import { modelBytes } from './model/model-bytes.js';

/** What a parametric model may be asked for. */
export interface ParametricOptions {
  /**
   * running (default): the inputs `…/mean` and `…/variance`. batch: every layer normalises by the mean and biased
   * variance of the batch, layer after layer; those inputs do not exist then.
   */
  readonly statistics?: 'running' | 'batch';
}

/**
 * The inference graph with the normalization parameters as inputs named by their keys, so that one session serves many
 * sets of them. Input and output keep their names.
 *
 * @throws OnnxError ONNX_NO_NORMALIZATION
 */
export function parametricModel(model: OnnxModel, { statistics = 'running' }: ParametricOptions = {}): Uint8Array {
  const { graph, logits } = importGraph(model, statistics === 'batch' ? 'batch' : 'inference');
  return modelBytes(exportGraph(graph, new Map<string, Value>([[model.output.name, logits]]), model).proto);
}
