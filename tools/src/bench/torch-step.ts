import { repositoryPath } from '../repository.js';
import { startPython } from './python-process.js';

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
  /**
   * How batch renormalisation is written: as the published implementations do, or onto PyTorch's fused batch
   * normalization.
   */
  readonly layer: 'elementary' | 'fused';
}

/** Starts models/train/bench_step.py. @throws RenormError REQUEST_INVALID: that Python has no PyTorch */
export async function startTorchStep({ python, model, batch, threads, layer }: TorchSetup): Promise<TorchStep> {
  const script = repositoryPath('models/train/bench_step.py');
  const process = startPython(python, [script, model, String(batch), String(threads), layer]);
  const { version, format } = JSON.parse(await process.next()) as { version: string; format: string };
  return {
    version,
    format,
    run: async () => Number(await process.ask()),
    end: () => process.end(),
  };
}
