import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runPython } from '../python-process.js';
import type { MemoryTask } from './memory-entry.js';
import { type ZooFiles, type ZooModel, zooScript } from './models.js';
import type { Residence } from './resident.js';
import type { Variation } from './sessions.js';

const STEPS = 3;

/** Session options that change what onnxruntime holds on to, over those of the cloud. */
const VARIATIONS: Readonly<Record<string, Variation>> = {
  'as the cloud runs it': {},
  'with memory pattern (the default of onnxruntime)': { enableMemPattern: true },
  'without arena': { enableCpuMemArena: false },
};

export const MEMORY_HEAD = [
  `Peak: the most that is resident during the first ${STEPS} steps of a fresh process, less what is resident before the first, when network and input are there.\n`,
  '| model | batch | threads | who | peak | kept after | resident before |',
  '|---|---|---|---|---|---|---|',
];

export interface MemoryOptions {
  readonly python: string;
  readonly threads: number;
}

/** Prints the memory of a model's training step in onnxruntime under several options, and in PyTorch. Linux only. */
export async function benchMemory(
  model: ZooModel,
  { training, plain }: ZooFiles,
  { python, threads }: MemoryOptions,
): Promise<void> {
  const { name, batch, shape, forms } = model;
  const row = (who: string, { before, peak, after }: Residence): void => {
    const cells = [peak - before, after - before, before].map((bytes) => `${Math.round(bytes / 1e6)} MB`);
    console.log(`| ${[name, batch, threads, who, ...cells].join(' | ')} |`);
  };
  const task = { batch, shape, threads, steps: STEPS };
  for (const [label, variation] of Object.entries(VARIATIONS)) {
    row(`ours, ${label}`, await inOwnProcess({ ...task, file: training, kind: 'training', variation }));
  }
  row('onnxruntime forward', await inOwnProcess({ ...task, file: plain, kind: 'plain', variation: {} }));
  for (const form of forms) {
    for (const format of ['contiguous', 'channels_last']) {
      const args = ['memory', name, batch, threads, form, format, STEPS].map(String);
      row(`PyTorch, ${form}, ${format}`, JSON.parse(await runPython(python, [zooScript, ...args])) as Residence);
    }
  }
}

async function inOwnProcess(task: MemoryTask): Promise<Residence> {
  const entry = fileURLToPath(new URL('./memory-entry.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [entry, JSON.stringify(task)]);
  return JSON.parse(stdout) as Residence;
}
