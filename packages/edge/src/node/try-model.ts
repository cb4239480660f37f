import { prepareRuntime } from '@renorm/onnx/node';
import { elementsOf } from '@renorm/protocol';
import type { ModelFacts, ModelOptions } from '../core/edge-model.js';
import { readEdgeModel } from './edge-model.js';
import { openInference } from './inference.js';

/**
 * Tries whether a device would serve a model, as `openDevice` does: reads it, opens its sessions, and predicts a sample
 * of zeros.
 *
 * @param source path, or the bytes of the file
 * @throws as openDevice
 */
export async function tryModel(source: string | Uint8Array, options: ModelOptions = {}): Promise<ModelFacts> {
  prepareRuntime(import.meta.url);
  const { bytes, name, inputName, outputName, shape, classes, output, changes, takesIntegers } = await readEdgeModel(
    source,
    options,
  );
  const elements = elementsOf(shape);
  const inference = await openInference({
    ...{ model: bytes, name, inputName, outputName, classes, elements, threads: 1 },
    sampleForm: takesIntegers ? 'exact' : 'auto',
    inputShape: [1, ...shape],
  });
  try {
    await inference.run(new Float32Array(elements));
  } finally {
    await inference.close();
  }
  return { output, shape, classes, changes };
}
