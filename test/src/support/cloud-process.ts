import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A path inside the repository. */
export const repositoryPath = (path: string): string => root + path;

/** A `renorm cloud` process that serves our two models. */
export interface CloudProcess {
  /** host:port; empty for a trainer alone */
  readonly address: string;
  readonly child: ChildProcess;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
}

/**
 * Starts `renorm cloud` on a data folder or a store on NATS; resolves when it listens, or trains. port 0 takes a free
 * one.
 *
 * @param more further arguments
 */
export async function startCloudProcess(data: string, port = 0, more: readonly string[] = []): Promise<CloudProcess> {
  const child = spawn(
    process.execPath,
    [
      `${root}packages/cli/dist/main.js`,
      'cloud',
      ...['--edge-model', `${root}models/fashion-edge.onnx`],
      ...['--foundation-model', `${root}models/fashion-foundation.onnx`],
      ...[data.startsWith('nats:') ? '--store' : '--data', data, '--port', String(port), '--threads', '1', ...more],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const printed: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const address = await new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      printed.push(line);
      const match = /(127\.0\.0\.1:\d+)/.exec(line);
      if (match?.[1] !== undefined) resolve(match[1]);
      // A trainer alone has no address.
      else if (line.startsWith('Training')) resolve('');
    });
    child.once('exit', (code) =>
      reject(new Error(`renorm cloud ended with ${code} before it listened:\n${printed.join('\n')}`)),
    );
  });
  return {
    address,
    child,
    async kill() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
