import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CaseResult } from './check.js';
import type { Request } from './worker.js';

/** Longer than any test takes: a runtime that hangs is stopped. */
const PATIENCE_MS = 60_000;

/** Runs tests in another process, which is started again after a crash. */
export class Workers {
  #child: ChildProcess | undefined;

  /** A crash that the original alone does not cause is a fault of what we wrote. */
  async run(folder: string, name: string): Promise<CaseResult> {
    const result = await this.#ask({ folder, name, originalOnly: false });
    if (typeof result !== 'string') return result;
    const original = await this.#ask({ folder, name, originalOnly: true });
    const ran = typeof original !== 'string' && original.ran;
    const fault = { step: 'rewritten', input: '?', fault: 'refused file', message: `onnxruntime ended with ${result}` };
    return { name, ran, findings: ran ? [fault as CaseResult['findings'][number]] : [] };
  }

  end(): void {
    this.#child?.kill();
  }

  #ask(request: Request): Promise<CaseResult | string> {
    const child = this.#child ?? fork(fileURLToPath(new URL('./worker.js', import.meta.url)));
    this.#child = child;
    return new Promise((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      const done = (outcome: CaseResult | string): void => {
        clearTimeout(timer);
        child.removeAllListeners();
        if (typeof outcome === 'string') this.#child = undefined;
        resolve(outcome);
      };
      child.once('message', (result) => done(result as CaseResult));
      child.once('exit', (code, signal) => done(signal ?? `status ${code}`));
      child.send(request);
    });
  }
}
