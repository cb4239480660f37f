import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeModel, parseModel } from '@renorm/onnx';
import { Tensor } from 'onnxruntime-node';
import { operatorTimes, type ProfileEvent } from './profile-table.js';
import { noise } from './zoo/models.js';
import { plainRun, trainingRun } from './zoo/sessions.js';

const WARMUP = 1;

/** Prints, by operator, where the time of a model's training step goes, as onnxruntime's profiler sees it. */
export async function runProfileBench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      model: { type: 'string' },
      batch: { type: 'string', default: '8' },
      threads: { type: 'string', default: '1' },
      steps: { type: 'string', default: '3' },
      // Profiles inference with the model as it is instead.
      forward: { type: 'boolean', default: false },
    },
  });
  const { model: file } = values;
  if (file === undefined) throw new Error('Name an ONNX model with --model.');
  const [batch, threads, steps] = [Number(values.batch), Number(values.threads), Number(values.steps)];
  const { inputShape } = describeModel(parseModel(await readFile(file), file));
  const sample = inputShape.slice(1).map(Number);
  const data = new Tensor('float32', noise(batch, sample), [batch, ...sample]);
  const folder = await mkdtemp(join(tmpdir(), 'renorm-profile-'));
  try {
    const variation = { enableProfiling: true, profileFilePrefix: join(folder, 'step') };
    const setup = { file, threads, batch: data, variation };
    const session = values.forward ? await plainRun(setup) : await trainingRun(setup);
    for (let i = 0; i < WARMUP + steps; i++) await session.run();
    session.endProfiling();
    await session.release();
    const events = JSON.parse(await readFile(await onlyFile(folder), 'utf8')) as ProfileEvent[];
    console.log(`Batch ${batch}, ${threads} thread(s), mean of ${steps} runs after ${WARMUP}.\n`);
    console.log(operatorTimes(events, WARMUP));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function onlyFile(folder: string): Promise<string> {
  const [name] = await readdir(folder);
  return join(folder, name as string);
}
