import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ZOO, zooFiles } from './models.js';
import { benchSteps, STEPS_HEAD } from './steps.js';

/** Training steps of models that people use: their time, their memory, and the time it takes to write their gradient graphs. */
export async function runZooBench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      python: { type: 'string', default: process.env.RENORM_PYTHON ?? 'python3' },
      models: { type: 'string', default: join(tmpdir(), 'renorm-zoo') },
      only: { type: 'string', multiple: true, default: ZOO.map(({ name }) => name) },
      threads: { type: 'string', multiple: true, default: ['1', '2'] },
      rounds: { type: 'string', default: '7' },
    },
  });
  const { python, models: folder, only } = values;
  const chosen = ZOO.filter(({ name }) => only.includes(name));
  console.log(STEPS_HEAD.join('\n'));
  for (const model of chosen) {
    const files = await zooFiles(python, folder, model.name);
    for (const threads of values.threads.map(Number)) {
      await benchSteps(model, files, { python, threads, rounds: Number(values.rounds) });
    }
  }
}
