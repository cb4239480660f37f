import { encodeImage } from '@renorm/image/web';
import { encodeSample, RenormError, reasonOf } from '@renorm/protocol';
import { framePixels, photographPixels } from './image-service.js';
import { SessionService } from './session-service.js';
import type { FromWorker, Question, ToWorker } from './worker-messages.js';

// The program of a device's workers: those with sessions, and the one for images.

/** `self` in a worker, which the types of the DOM take for a window. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
}

const scope = globalThis as unknown as WorkerScope;
let opened: SessionService | undefined;

// One question after the other: a session is not let go under a prediction.
let work = Promise.resolve();
scope.onmessage = ({ data }) => {
  work = work.then(() => handle(data));
};

async function handle({ id, question }: ToWorker): Promise<void> {
  try {
    scope.postMessage({ id, answer: await answerTo(question) });
  } catch (error) {
    scope.postMessage(
      error instanceof RenormError ? { id, reason: error.text, code: error.code } : { id, reason: reasonOf(error) },
    );
  }
}

async function answerTo(question: Question): Promise<unknown> {
  switch (question.kind) {
    case 'open':
      opened = await SessionService.open(question.setup);
      return undefined;
    case 'load':
      return service().load(question.parameters);
    case 'run':
      return service().run(question.input);
    case 'release':
      return service().release();
    case 'sketch':
      return service().sketch(question.images, question.count, question.parameters);
    case 'encode':
      return encodeSample(question.sample, question.form);
    case 'photograph':
      return photographPixels(question.image);
    case 'frame':
      return framePixels(question.frame, question.image);
    case 'file':
      return encodeImage(question.pixels, question.shape, question.quality);
  }
}

function service(): SessionService {
  if (opened === undefined) throw new Error('the runtime has not been opened');
  return opened;
}
