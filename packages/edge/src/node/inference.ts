import type { Inference } from '../core/platform.js';
import { SwappedInference } from '../core/swapped-inference.js';
import { type SessionSetup, SessionWorker } from './session-worker.js';

/**
 * Starts a model's two worker threads; resolves when the model as exported can predict.
 *
 * @throws RenormError MODEL_UNREADABLE
 */
export function openInference(setup: SessionSetup): Promise<Inference> {
  return SwappedInference.open(setup, (onFree, onDeath) => new SessionWorker(setup, onFree, onDeath));
}
