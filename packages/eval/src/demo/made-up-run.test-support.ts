import type { ChunkReport, Outcomes } from './messages.js';
import { demoPlan } from './plan.js';
import { type DemoRecord, emptyRecord } from './record.js';

/** What a device in an environment would have got right, for a made-up run. Shares. */
export interface MadeUp {
  readonly adapted: number;
  readonly unadapted: number;
}

/**
 * A finished quick run with given accuracies in the clean and in the changed environments; every image on which the
 * models differ counts for one of them.
 */
export function madeUpRun(clean: MadeUp, changed: MadeUp): DemoRecord {
  const record = emptyRecord(demoPlan({ quick: true, seed: 1 }));
  record.address = '127.0.0.1:7443';
  for (const device of record.devices) {
    let images = 0;
    for (const [environment, { name, images: length }] of device.cohort.environments.entries()) {
      for (let start = 0; start < length; start += record.plan.chunk) {
        images += record.plan.chunk;
        const chunk: ChunkReport = {
          kind: 'chunk',
          environment,
          images,
          ...outcomesOf(name === 'clean' ? clean : changed, record.plan.chunk),
          selected: images / 5,
          uploaded: images / 5,
          bytesUp: images * 100,
          bytesDown: images * 10,
          version: Math.floor(images / 100),
          connected: true,
          seconds: images / 25,
        };
        device.chunks.push(chunk);
        device.counters = chunk;
      }
    }
    device.done = true;
  }
  for (const { name } of record.plan.cohorts)
    record.cohorts.set(name, { cohort: name, version: 7, steps: 9, samples: 150, pending: 0 });
  return record;
}

function outcomesOf({ adapted, unadapted }: MadeUp, count: number): Outcomes {
  const [a, u] = [Math.round(adapted * count), Math.round(unadapted * count)];
  const bothRight = Math.min(a, u);
  return { count, bothRight, onlyAdaptedRight: a - bothRight, onlyUnadaptedRight: u - bothRight };
}
