import type { ModelFacts } from '../model-facts.js';
import type { Result, RunOptions } from '../runner.js';

export interface ClientSetup {
  readonly model: ModelFacts;
  readonly modelFile: string;
  readonly port: number;
  readonly command?: string;
  readonly onListening?: (address: string) => void;
}

export async function runClientSuite(_setup: ClientSetup, _options?: RunOptions): Promise<Result[]> {
  return [];
}
