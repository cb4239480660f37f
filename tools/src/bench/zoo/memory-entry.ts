import { Tensor } from 'onnxruntime-node';
import { noise } from './models.js';
import { residence } from './resident.js';
import { plainRun, trainingRun, type Variation } from './sessions.js';

/** What the process of one memory measurement is told. */
export interface MemoryTask {
  readonly file: string;
  readonly kind: 'training' | 'plain';
  readonly batch: number;
  readonly shape: readonly number[];
  readonly threads: number;
  readonly steps: number;
  readonly variation: Variation;
}

/** A process of its own for each measurement, so that no allocator remembers another's. */
const task = JSON.parse(process.argv[2] as string) as MemoryTask;
const { file, kind, batch, shape, threads, steps, variation } = task;
const data = new Tensor('float32', noise(batch, shape), [batch, ...shape]);
const session = await (kind === 'training' ? trainingRun : plainRun)({ file, threads, batch: data, variation });
const measured = await residence(async () => {
  for (let i = 0; i < steps; i++) await session.run();
});
console.log(JSON.stringify(measured));
