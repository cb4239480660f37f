import { workerData } from 'node:worker_threads';
import { viewSlots } from './slots.js';
import { DEADLY } from './tiny-model.test-support.js';
import type { WorkerSetup } from './worker-messages.js';

// A session's worker that ends when it is asked to predict an input of DEADLY: as one does that runs out of memory.

const { port, memory } = workerData as WorkerSetup;
const { slots } = viewSlots(memory);
// The real one listens first, so that no message is lost, and starts its work when all listeners have heard.
await import('./session-worker-entry.js');
port.on('message', () => {
  if (slots.some(({ input }) => input[0] === DEADLY)) process.exit(1);
});
