import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { repositoryPath } from '../support/cloud-process.js';

const edge = repositoryPath('models/fashion-edge.onnx');

export interface FaultyCloudOptions {
  /** 0: any that is free. */
  readonly port?: number;
  /** Further flags. */
  readonly more?: readonly string[];
  /** What starts it: `unshare --pid --fork` puts it into a namespace of its own. */
  readonly wrap?: readonly string[];
}

/** A `renorm cloud` process, which teaches the edge model with itself: that starts fastest, and is as good for what is tried here. */
export class FaultyCloud {
  readonly child: ChildProcess;
  /** host:port; undefined: it ended before it listened. */
  readonly listening: Promise<string | undefined>;
  readonly #ended: Promise<unknown>;
  #printed = '';

  constructor(data: string, { port = 0, wrap = [], more = [] }: FaultyCloudOptions = {}) {
    const [command = process.execPath, ...before] = [...wrap, process.execPath];
    const place = data.startsWith('nats:') ? '--store' : '--data';
    const flags = ['--edge-model', edge, '--foundation-model', edge, place, data, '--threads', '1', ...more];
    this.child = spawn(
      command,
      [...before, repositoryPath('packages/cli/dist/main.js'), 'cloud', ...flags, '--port', String(port)],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    // Not 'exit': what it is wrapped in may be gone before it is.
    this.#ended = once(this.child, 'close');
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.#printed += chunk.toString();
    });
    const lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream });
    this.listening = new Promise((resolve) => {
      lines.on('line', (line) => {
        const address = /^Listening on (\S+:\d+),/.exec(line)?.[1];
        if (address !== undefined) resolve(address);
      });
      void this.#ended.then(() => resolve(undefined));
    });
  }

  /** What it said on stderr. */
  get printed(): string {
    return this.#printed;
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** As a power cut ends it. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#ended;
  }

  /** @throws Error what it printed: it ended before it listened */
  async address(): Promise<string> {
    const address = await this.listening;
    if (address === undefined) throw new Error(`the cloud did not start: ${this.#printed}`);
    return address;
  }
}

/** Waits until something is so. @returns false: it was not for so many seconds */
export async function until(condition: () => boolean, seconds = 120): Promise<boolean> {
  const end = performance.now() + seconds * 1000;
  while (!condition()) {
    if (performance.now() > end) return false;
    await sleep(20);
  }
  return true;
}
