import { OnnxError } from '@renorm/onnx';
import { RenormError } from '@renorm/protocol';
import { PlannedImages } from './image-streams.js';
import { openModels } from './open-models.js';
import { runCell, see } from './run-cell.js';
import type { CellMessage, CellOutcome, CellTask } from './worker-messages.js';

// What runs in a worker of an evaluation, by name.

const TOLD_EVERY = 20;

/** Runs some methods on one stream, whose images are decoded and corrupted once. */
export async function runTask({ plan, facts, stream, methods, reference, port }: CellTask): Promise<CellOutcome> {
  const tell = (message: CellMessage): void => port.postMessage(message);
  let images = 0;
  const onImage = (): void => {
    images += 1;
    if (images < TOLD_EVERY) return;
    tell({ kind: 'images', images });
    images = 0;
  };
  try {
    const { models } = await openModels(plan);
    const planned = await PlannedImages.open(plan, facts);
    const seen = await see(planned, stream, (image) => reference.get(image));
    for (const { name, key } of methods) {
      try {
        const cell = await runCell({ plan, models, images: planned, key, method: name, onImage }, seen);
        tell({ kind: 'cell', cell });
      } catch (error) {
        // One method that is not for these models does not keep the others from being compared.
        const notForThem =
          error instanceof OnnxError || (error instanceof RenormError && error.code === 'REQUEST_INVALID');
        if (!notForThem) throw error;
        tell({ kind: 'refused', method: name, reason: error instanceof RenormError ? error.text : error.message });
      }
    }
    return { done: true };
  } catch (error) {
    if (error instanceof RenormError) return { failed: { code: error.code, text: error.text } };
    throw error;
  } finally {
    tell({ kind: 'end' });
  }
}
