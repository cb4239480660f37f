import type { EdgeModel, ModelOptions } from '../core/edge-model.js';
import { readSource, type Source } from './read-source.js';

/**
 * Reads a model and finds out what a device has to know of it.
 *
 * @throws RenormError MODEL_UNREADABLE, REQUEST_INVALID; OnnxError as checkEdgeModel
 */
export async function readEdgeModel(source: Source, options: ModelOptions = {}): Promise<EdgeModel> {
  const name = typeof source === 'string' || source instanceof URL ? String(source) : 'the model';
  // What reads ONNX is half of the program, and comes beside the model.
  const [{ checkEdgeModel }, bytes] = await Promise.all([
    import('../core/edge-model.js'),
    readSource(source, 'the model', 'MODEL_UNREADABLE'),
  ]);
  return checkEdgeModel(bytes, name, options);
}
