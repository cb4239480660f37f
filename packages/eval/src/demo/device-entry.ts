import { setTimeout as sleep } from 'node:timers/promises';
import { policyOf } from '@renorm/edge';
import { type Device, openDevice } from '@renorm/edge/node';
import { readLabelledImages } from '../data/labelled-images.js';
import { send, serveChild } from './child-entry.js';
import type { DeviceCounters, Outcomes, ToChild } from './messages.js';
import type { DemoPlan } from './plan.js';
import { seededPolicy } from './seeded-policy.js';
import { deviceStream, type StreamChunk } from './stream.js';
import { openUnadapted, type Unadapted } from './unadapted.js';

/**
 * A device process of the demonstration: replays its stream through a device of ours and through the unadapted model.
 */
interface Opened {
  readonly plan: DemoPlan;
  readonly device: Device;
  readonly unadapted: Unadapted;
  readonly chunks: AsyncGenerator<StreamChunk>;
}

/** A chunk that is being predicted. */
interface UnderWay {
  readonly chunk: StreamChunk;
  readonly unadapted: readonly number[];
  readonly adapted: number[];
}

/** How long a version may take to be loaded and warmed up on a busy machine. */
const TAKE_SECONDS = 60;
const POLL_MILLISECONDS = 2;

let opened: Opened | undefined;
let underWay: UnderWay | undefined;
let [seen, uploadedBefore] = [0, 0];
let started = performance.now();

serveChild({
  async handle(message) {
    if (message.kind === 'open-device') {
      opened = await open(message);
      underWay = await nextChunk(opened);
      send({ kind: 'ready' });
    }
    if (opened === undefined) return;
    if (message.kind === 'predict') await predictRound(opened);
    if (message.kind === 'upload') await upload(opened);
    if (message.kind === 'take') await take(opened, message.version);
    if (message.kind === 'finish') send({ kind: 'done', ...countersOf(opened.device) });
  },
  async close() {
    await opened?.device.close();
  },
});

async function open({ plan, cohort, device, cloud }: Extract<ToChild, { kind: 'open-device' }>): Promise<Opened> {
  const images = await readLabelledImages(plan.images);
  const { width, height, channels } = images.image(0);
  const position = plan.cohorts.flatMap(({ devices }) => devices).indexOf(device);
  return {
    plan,
    device: await openDevice({
      ...{ model: plan.edgeModel, cloud, cohort, id: device, threads: 1 },
      selection: seededPolicy(policyOf(), plan.seed * 1000 + position),
      // Nothing goes before the round is over, whatever the clock says.
      queue: { lingerMs: 86_400_000 },
    }),
    unadapted: await openUnadapted(plan.edgeModel, [channels, height, width]),
    chunks: deviceStream(images, plan, device),
  };
}

async function nextChunk({ chunks, unadapted }: Opened): Promise<UnderWay | undefined> {
  const { value: chunk, done } = await chunks.next();
  return done ? undefined : { chunk, unadapted: await unadapted.predict(chunk.inputs), adapted: [] };
}

async function predictRound({ plan, device }: Opened): Promise<void> {
  if (seen === 0) started = performance.now();
  const adapted: number[] = underWay?.adapted ?? [];
  for (const input of underWay?.chunk.inputs.slice(adapted.length, adapted.length + plan.round) ?? []) {
    adapted.push((await device.infer(input)).label);
    seen += 1;
  }
  send({ kind: 'predicted', more: adapted.length > 0 });
}

async function upload({ device }: Opened): Promise<void> {
  const left = await device.flush(TAKE_SECONDS * 1000);
  if (left > 0) throw new Error(`${left} samples could not be uploaded within ${TAKE_SECONDS} s`);
  const { uploaded } = device.status();
  send({ kind: 'uploaded', samples: uploaded - uploadedBefore });
  uploadedBefore = uploaded;
}

/** Waits until a version serves, and tells of the chunk if it is over. */
async function take(all: Opened, version: number): Promise<void> {
  const { device } = all;
  const until = performance.now() + TAKE_SECONDS * 1000;
  while (device.status().version < version) {
    if (performance.now() > until)
      throw new Error(`version ${version} was not taken: ${device.status().lastError?.message ?? 'it did not come'}`);
    await sleep(POLL_MILLISECONDS);
  }
  if (underWay !== undefined && underWay.adapted.length === underWay.chunk.inputs.length) {
    const { chunk, adapted, unadapted } = underWay;
    const seconds = (performance.now() - started) / 1000;
    const counts = { ...outcomes(chunk.labels, adapted, unadapted), ...countersOf(device) };
    send({ kind: 'chunk', environment: chunk.environment, ...counts, images: seen, seconds });
    underWay = await nextChunk(all);
  }
  send({ kind: 'taken' });
}

function countersOf(device: Device): DeviceCounters {
  const { selected, uploaded, bytesUp, bytesDown, version, connected } = device.status();
  return { selected, uploaded, bytesUp, bytesDown, version, connected };
}

function outcomes(labels: readonly number[], adapted: readonly number[], unadapted: readonly number[]): Outcomes {
  const right = labels.map((label, i) => ({ adapted: adapted[i] === label, unadapted: unadapted[i] === label }));
  return {
    count: labels.length,
    bothRight: right.filter((one) => one.adapted && one.unadapted).length,
    onlyAdaptedRight: right.filter((one) => one.adapted && !one.unadapted).length,
    onlyUnadaptedRight: right.filter((one) => !one.adapted && one.unadapted).length,
  };
}
