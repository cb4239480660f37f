import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { exportedVersion, reasonOf } from '@renorm/protocol';
import { Adaptation } from '../adaptation/adaptation.js';
import { Cohorts } from '../store/cohorts.js';
import { openStore } from '../store/open-store.js';
import type { FromTrainer, ToTrainer, TrainerSetup } from './messages.js';
import { TrainingLoop } from './training-loop.js';

/** The trainer's thread: steps as long as there is work, then sleeps until samples arrive. */
const port = parentPort;
if (port === null) throw new Error('This file is the entry of a worker thread.');
const setup = workerData as TrainerSetup;
const send = (message: FromTrainer): void => port.postMessage(message);

let closing = false;
let wake = (): void => undefined;

port.on('message', (message: ToTrainer) => {
  if (message.kind === 'close') closing = true;
  wake();
});

/** Gives way to the gateway and to whatever else the machine does. On Linux this is the calling thread alone, and onnxruntime's
 * threads, which it starts later, inherit it; elsewhere it would be the whole process, so it is left alone there. */
function giveWay(): void {
  if (process.platform === 'linux') setPriority(0, 10);
}

async function main(): Promise<void> {
  giveWay();
  const { edgeModel, foundationModel, options, threads, folder, publishing } = setup;
  const adaptation = await Adaptation.create({ edgeModel, foundationModel, options, threads });
  const cohorts = new Cohorts(await openStore(folder), {
    exported: exportedVersion(adaptation.initialState().edge.parameters),
    onProblem: (error) => send({ kind: 'failed', message: reasonOf(error) }),
  });
  cohorts.watch(() => wake());
  const loop = new TrainingLoop(adaptation, cohorts, publishing);
  send({ kind: 'ready' });
  while (!closing) {
    const rest = new Promise<void>((resolve) => {
      wake = resolve;
    });
    try {
      const report = await loop.next();
      if (report === undefined) await rest;
      else {
        send({ kind: 'step', report });
        // Lets a message in: a step blocks this thread from its start to its end.
        await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (error) {
      send({ kind: 'failed', message: reasonOf(error) });
      await Promise.race([rest, new Promise((resolve) => setTimeout(resolve, 1_000))]);
    }
  }
  await adaptation.release();
  await cohorts.close();
  send({ kind: 'closed' });
  port?.close();
}

await main();
