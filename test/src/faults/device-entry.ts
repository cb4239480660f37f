// A device that predicts without end and says how many of its samples were acknowledged, until it is killed.
import { setTimeout as sleep } from 'node:timers/promises';
import { openDevice } from '@renorm/edge/node';

const [model = '', cloud = '', id = ''] = process.argv.slice(2);
const PIXELS = 28 * 28;
const device = await openDevice({
  ...{ model, cloud, cohort: 'lobby', id, threads: 1 },
  // All that is predicted is uploaded.
  selection: { policy: 'cema', redundancyMargin: 2, unreliableEntropy: 10, uninformativeEntropy: -1 },
});
device.on('error', () => undefined);
for (let i = 0; ; i++) {
  await device.infer(Float32Array.from({ length: PIXELS }, (_, k) => ((k * (i + 3)) % 256) / 255));
  process.stdout.write(`${device.status().uploaded}\n`);
  await sleep(5);
}
