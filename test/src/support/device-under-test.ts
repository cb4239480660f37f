// A device as docs/conformance.md asks for: opened from the environment, it uploads what it is told to, and stays until
// it is ended.
import { openDevice } from '@renorm/edge/node';

const { env } = process;
const device = await openDevice({
  model: env.RENORM_MODEL ?? '',
  cloud: env.RENORM_TARGET ?? '',
  cohort: env.RENORM_COHORT ?? '',
  id: env.RENORM_DEVICE ?? '',
  // All that is predicted is uploaded.
  selection: { policy: 'cema', redundancyMargin: 2, unreliableEntropy: 10, uninformativeEntropy: -1 },
  ...(env.RENORM_ROOT ? { trust: env.RENORM_ROOT } : {}),
});
device.on('error', (error) => console.error(error.message));
const elements = (env.RENORM_SHAPE ?? '').split(',').reduce((product, size) => product * Number(size), 1);
for (let i = 0; i < Number(env.RENORM_SAMPLES); i++)
  await device.infer(Float32Array.from({ length: elements }, (_, k) => ((k * (i + 3)) % 256) / 255));
process.once('SIGTERM', () => void device.close().then(() => process.exit(0)));
setInterval(() => undefined, 1_000);
