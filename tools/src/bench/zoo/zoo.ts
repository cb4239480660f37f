import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BUILDING_HEAD, benchBuilding } from './building.js';
import { benchMemory, MEMORY_HEAD } from './memory.js';
import { ZOO, zooFiles } from './models.js';
import { benchSteps, STEPS_HEAD } from './steps.js';

const PARTS = ['building', 'steps', 'memory'] as const;

/**
 * Training steps of models that people use: the time it takes to write their gradient graphs, and a step's time and
 * memory.
 */
export async function runZooBench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      python: { type: 'string', default: process.env.RENORM_PYTHON ?? 'python3' },
      models: { type: 'string', default: join(tmpdir(), 'renorm-zoo') },
      only: { type: 'string', multiple: true, default: ZOO.map(({ name }) => name) },
      part: { type: 'string', multiple: true, default: [...PARTS] },
      threads: { type: 'string', multiple: true, default: ['1', '2'] },
      rounds: { type: 'string', default: '7' },
    },
  });
  const { python, models: folder, only, part } = values;
  const threadCounts = values.threads.map(Number);
  // Building first: its first row is to see a fresh process.
  if (part.includes('building')) {
    console.log(BUILDING_HEAD.join('\n'));
    await benchBuilding(python, folder);
  }
  const chosen = ZOO.filter(({ name }) => only.includes(name));
  const each = async (bench: typeof benchSteps, head: readonly string[]): Promise<void> => {
    console.log(`\n${head.join('\n')}`);
    for (const model of chosen) {
      const files = await zooFiles(python, folder, model.name);
      for (const threads of threadCounts) {
        await bench(model, files, { python, threads, rounds: Number(values.rounds) }).catch((error: unknown) => {
          // What the others take is worth knowing all the same.
          process.exitCode = 1;
          console.log(`| ${model.name} | ${error instanceof Error ? error.message : String(error)} |`);
        });
      }
    }
  };
  if (part.includes('steps')) await each(benchSteps, STEPS_HEAD);
  if (part.includes('memory')) await each(benchMemory, MEMORY_HEAD);
}
