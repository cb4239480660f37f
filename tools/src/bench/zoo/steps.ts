import { Tensor } from 'onnxruntime-node';
import { startPython } from '../python-process.js';
import { allInTurn, type Cost, cost, type Measured, medianOf, ratioOf } from './in-turn.js';
import { noise, type ZooFiles, type ZooModel, zooScript } from './models.js';
import { plainRun, trainingRun } from './sessions.js';

const WARMUP = 2;

export interface StepsOptions {
  readonly python: string;
  readonly threads: number;
  readonly rounds: number;
}

export const STEPS_HEAD = [
  '| model | batch | threads | time | ours | onnxruntime forward | ours / 2 forwards | PyTorch, form | ours / PyTorch |',
  '|---|---|---|---|---|---|---|---|---|',
];

/**
 * Prints the rows of one model: our step against two forward passes and against each form of the step in PyTorch, all
 * in turn.
 */
export async function benchSteps(
  model: ZooModel,
  files: ZooFiles,
  { python, threads, rounds }: StepsOptions,
): Promise<void> {
  const { name, batch, shape, forms } = model;
  const data = new Tensor('float32', noise(batch, shape), [batch, ...shape]);
  const ours = await trainingRun({ file: files.training, threads, batch: data });
  const forward = await plainRun({ file: files.plain, threads, batch: data });
  const theirs: Torch[] = [];
  // One after the other, for each tries which memory format is faster.
  for (const form of forms) {
    theirs.push(await startTorch(python, [zooScript, 'step', name, String(batch), String(threads), form]));
  }
  const measured: Record<string, Measured> = { ours: () => cost(ours.run), forward: () => cost(forward.run) };
  for (const [index, form] of forms.entries()) measured[form] = (theirs[index] as Torch).step;
  const costs = await allInTurn(measured, rounds, WARMUP);
  for (const each of theirs) each.end();
  await Promise.all([ours.release(), forward.release()]);

  for (const kind of ['wall', 'processor'] as const) {
    const ms = (who: string): string => `${medianOf(costs[who] as Cost[], kind).toFixed(0)} ms`;
    const [own, plain] = [costs.ours as Cost[], costs.forward as Cost[]];
    for (const [index, form] of forms.entries()) {
      const { format, gradients } = theirs[index] as Torch;
      const label = `${form}, ${format}${gradients === ours.gradients.size ? '' : `, ${gradients} gradients to our ${ours.gradients.size}`}`;
      const cells = [name, batch, threads, kind, ms('ours'), ms('forward'), ratioOf(own, plain, kind, 2)];
      console.log(`| ${[...cells, `${ms(form)}, ${label}`, ratioOf(own, costs[form] as Cost[], kind)].join(' | ')} |`);
    }
  }
}

interface Torch {
  readonly format: string;
  /** How many tensors it computes gradients of. */
  readonly gradients: number;
  readonly step: Measured;
  end(): void;
}

async function startTorch(python: string, args: readonly string[]): Promise<Torch> {
  const program = startPython(python, args);
  const { format, gradients } = JSON.parse(await program.next()) as { format: string; gradients: number };
  const step = async (): Promise<Cost> => {
    const [wall, processor] = (await program.ask()).split(' ').map(Number) as [number, number];
    return { wall, processor };
  };
  return { format, gradients, step, end: program.end };
}
