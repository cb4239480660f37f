import { getPriority, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { RenormError, reasonOf } from '@renorm/protocol';
import { readModels } from '../models/model-facts.js';
import { shareOf } from '../store/nats/share-out.js';
import { openStore, spaceOf } from '../store/open-store.js';
import { WAITS } from '../watch-disk.js';
import { openTraining } from './open-training.js';
import type { FromTrainer, ToTrainer, TrainerSetup } from './worker-messages.js';

/** The trainer's thread: steps as long as there is work, then sleeps until a cohort changes. */
const port = parentPort;
if (port === null) throw new Error('This file is the entry of a worker thread.');
const setup = workerData as TrainerSetup;
const send = (message: FromTrainer): void => port.postMessage(message);

/** After an error, and while the disk is full or the store away, in milliseconds. */
const RETRY_MS = 1_000;

let closing = false;
/** Who wants to know when there is nothing left to do. */
let asked: number[] = [];
let wake = (): void => undefined;

/** Cohorts that are others' are left to them; undefined: there are no others. */
let shares = setup.shares && new Set(setup.shares);
let reconsider = (): void => undefined;

port.on('message', (message: ToTrainer) => {
  if (message.kind === 'close') closing = true;
  else if (message.kind === 'own') {
    shares = new Set(message.shares);
    reconsider();
  } else asked.push(message.question);
  wake();
});

/**
 * Two thirds of the weight of the gateway, whatever that was started with. An upload's 99th percentile while the cloud
 * trains is no better with 5, and beside other programs a trainer at 5 hardly comes to train.
 */
const NICENESS = 2;
/** There is no lower priority. */
const LOWEST = 19;

/** Gives way to the gateway and to whatever else the machine does. On Linux this is the calling thread alone, and onnxruntime's
 * threads, which it starts later, inherit it; elsewhere it would be the whole process, so it is left alone there. */
function giveWay(): void {
  if (process.platform === 'linux') setPriority(0, Math.min(LOWEST, getPriority(0) + NICENESS));
}

const told = (error: unknown): Pick<FromTrainer & { kind: 'failed' }, 'code' | 'text'> =>
  error instanceof RenormError
    ? { code: error.code, text: error.text }
    : { code: 'TRAINER_FAILED', text: reasonOf(error) };

/** Resolves when a cohort changes, the cloud closes, or some milliseconds have passed. */
function changeOr(ms: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = ms === undefined ? undefined : setTimeout(resolve, Math.max(0, ms));
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

async function main(): Promise<void> {
  giveWay();
  const { threads, adaptation, publishing, strategy, gate } = setup;
  const space = spaceOf(setup.place);
  const training = await openTraining({
    ...{ threads, adaptation, publishing, strategy, gate, checksFoundation: true },
    models: readModels(setup.edgeModel, setup.foundationModel),
    store: await openStore(setup.place, { space }),
    onProblem: (error) => send({ kind: 'failed', ...told(error) }),
    onChange: () => wake(),
    owns: (cohort) => shares?.has(shareOf(cohort)) ?? true,
  });
  reconsider = () => {
    training.loop.reconsider();
    wake();
  };
  send({ kind: 'ready' });
  let paused = false;
  while (!closing) {
    // Before the step: what changes while it runs must not be slept through.
    let changed = false;
    wake = () => {
      changed = true;
    };
    try {
      // Before the work, which would be lost.
      space.admit();
      const questions = asked;
      asked = [];
      if (questions.length > 0) training.cohorts.look();
      const outcome = await training.loop.next().catch((error: unknown) => {
        asked = [...questions, ...asked];
        throw error;
      });
      // Replaying old samples is no work that anybody waits for.
      const isSettled = outcome.kind === 'rest' || outcome.report.idle;
      if (isSettled) for (const question of questions) send({ kind: 'settled', question });
      else asked = [...questions, ...asked];
      if (paused) send({ kind: 'resumed' });
      paused = false;
      if (outcome.kind === 'step') {
        send({ kind: 'step', report: outcome.report });
        // Lets a message in: a step blocks this thread from its start to its end.
        await new Promise((resolve) => setImmediate(resolve));
      } else if (!changed && !closing && asked.length === 0) {
        await changeOr(outcome.until === undefined ? undefined : outcome.until - performance.now());
      }
    } catch (error) {
      const waits = error instanceof RenormError && WAITS.has(error.code);
      if (!waits || !paused) send({ kind: waits ? 'paused' : 'failed', ...told(error) });
      paused ||= waits;
      if (!closing) await changeOr(RETRY_MS);
    }
  }
  await training.close();
  send({ kind: 'closed' });
  port?.close();
}

await main();
