import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseModel, trainingModel } from '@renorm/onnx';
import { meanEntropy } from '../../mean-entropy.js';
import { runPython } from '../python-process.js';
import { type Cost, cost, medianOf } from './in-turn.js';
import { zooFiles, zooScript } from './models.js';

const REPEATS = 5;
/** In nodes. The time for each node must not grow with them. */
const CHAINS = [100, 300, 1000, 3000];

export const BUILDING_HEAD = [
  `Reading the model and writing its gradient graph: once in a fresh process, and the median of ${REPEATS} more, on the clock (of the processor).\n`,
  '| model | first | median | processor / 1,000 nodes of the chain | size | model |',
  '|---|---|---|---|---|---|',
];

/** Prints how long it takes to write the gradient graph of a large model, and of chains of growing length. */
export async function benchBuilding(python: string, folder: string): Promise<void> {
  const { training } = await zooFiles(python, folder, 'resnet101');
  await row('resnet101 (target: 2 s)', training);
  for (const count of CHAINS) {
    const file = join(folder, `chain-${count}.onnx`);
    await runPython(python, [zooScript, 'chain', String(count), file]);
    await row(`chain of ${count}`, file, count);
  }
}

async function row(label: string, file: string, nodes?: number): Promise<void> {
  const bytes = await readFile(file);
  const costs: Cost[] = [];
  let size = 0;
  for (let i = 0; i <= REPEATS; i++) {
    costs.push(
      await cost(async () => {
        size = trainingModel(parseModel(bytes, file), meanEntropy).bytes.length;
      }),
    );
  }
  const text = (of: readonly Cost[]): string =>
    `${medianOf(of, 'wall').toFixed(0)} ms (${medianOf(of, 'processor').toFixed(0)})`;
  const rest = costs.slice(1);
  const each = nodes === undefined ? '' : `${((1000 * medianOf(rest, 'processor')) / nodes).toFixed(0)} ms`;
  const cells = [label, text(costs.slice(0, 1)), text(rest), each, megabytes(size), megabytes(bytes.length)];
  console.log(`| ${cells.join(' | ')} |`);
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
