import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { RenormError } from '@renorm/protocol';
import { repositoryPath } from './bench-models.js';

/** The same training step in PyTorch, in a process that waits while it is not asked. */
export interface TorchStep {
  readonly version: string;
  /** Which memory format was faster and is used. */
  readonly format: string;
  /** Milliseconds of one step. */
  run(): Promise<number>;
  end(): void;
}

export interface TorchSetup {
  readonly python: string;
  readonly model: 'edge' | 'foundation';
  readonly batch: number;
  readonly threads: number;
  /** How batch renormalisation is written: as the published implementations do, or onto PyTorch's fused batch normalization. */
  readonly layer: 'elementary' | 'fused';
}

/** Starts models/train/bench_step.py. @throws RenormError REQUEST_INVALID: that Python has no PyTorch */
export async function startTorchStep({ python, model, batch, threads, layer }: TorchSetup): Promise<TorchStep> {
  const script = repositoryPath('models/train/bench_step.py');
  const child = spawn(python, [script, model, String(batch), String(threads), layer], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const failed = once(child, 'error').then(([error]) => String(error));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const line = await Promise.race([
      lines.next().then(({ value }) => value as string | undefined),
      failed.then(() => undefined),
    ]);
    if (line !== undefined) return line;
    const why = complaints.trim().split('\n').at(-1) ?? '';
    throw new RenormError(
      'REQUEST_INVALID',
      `${python} cannot run PyTorch (${why || 'it did not start'}). Install it with "pip install -r models/train/requirements.txt" and name that Python with --python.`,
    );
  };
  const { version, format } = JSON.parse(await next()) as { version: string; format: string };
  return {
    version,
    format,
    async run() {
      child.stdin.write('step\n');
      return Number(await next());
    },
    end: () => child.stdin.end(),
  };
}
