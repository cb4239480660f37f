import { setTimeout as sleep } from 'node:timers/promises';
import { type Device, openDevice } from '@renorm/edge/node';
import { type LabelledImages, readLabelledImages } from '../data/labelled-images.js';
import { send, serveChild } from './child-entry.js';
import type { DeviceCounters, Outcomes, ToChild } from './messages.js';
import type { DemoPlan } from './plan.js';
import { deviceStream } from './stream.js';
import { openUnadapted, type Unadapted } from './unadapted.js';

/** A device process of the demonstration: replays its stream through a device of ours and through the unadapted model. */
interface Opened {
  readonly plan: DemoPlan;
  readonly name: string;
  readonly images: LabelledImages;
  readonly device: Device;
  readonly unadapted: Unadapted;
}

let opened: Opened | undefined;

serveChild({
  async handle(message) {
    if (message.kind === 'open-device') {
      opened = await open(message);
      send({ kind: 'ready' });
    } else if (message.kind === 'go' && opened !== undefined) {
      await replay(opened);
      send({ kind: 'done', ...countersOf(opened.device) });
    }
  },
  async close() {
    await opened?.device.close();
  },
});

async function open({ plan, cohort, device, cloud }: Extract<ToChild, { kind: 'open-device' }>): Promise<Opened> {
  const images = await readLabelledImages(plan.images);
  const { width, height, channels } = images.image(0);
  return {
    plan,
    name: device,
    images,
    device: await openDevice({
      ...{ model: plan.edgeModel, cloud, cohort, id: device, threads: 1 },
    }),
    unadapted: await openUnadapted(plan.edgeModel, [channels, height, width]),
  };
}

/** Predicts the whole stream at the plan's pace. A device that falls behind goes on as fast as it can. */
async function replay({ plan, name, images, device, unadapted }: Opened): Promise<void> {
  const started = performance.now();
  const secondsSinceStart = (): number => (performance.now() - started) / 1000;
  let seen = 0;
  for await (const chunk of deviceStream(images, plan, name)) {
    const plain = await unadapted.predict(chunk.inputs);
    const adapted: number[] = [];
    for (const input of chunk.inputs) {
      const early = seen / plan.imagesPerSecond - secondsSinceStart();
      if (early > 0) await sleep(early * 1000);
      adapted.push((await device.infer(input)).label);
      seen++;
    }
    const counts = outcomes(chunk.labels, adapted, plain);
    const { environment } = chunk;
    send({ kind: 'chunk', environment, ...counts, ...countersOf(device), images: seen, seconds: secondsSinceStart() });
  }
  await device.flush();
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
