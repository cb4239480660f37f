import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Why there is no server here; undefined where there is. */
export const whyNoNats =
  spawnSync('nats-server', ['--version']).status === 0
    ? undefined
    : 'there is no nats-server: apt-get install nats-server, or put one of https://github.com/nats-io/nats-server/releases into PATH';

/** A nats-server with JetStream, on a port and a folder of its own. */
export class NatsServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'renorm-nats-'));
  #child: ChildProcess | undefined;
  #port = -1;

  /** host:port */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Starts it, or again on the same port and folder. */
  async start(): Promise<this> {
    const folder = this.#folder;
    const flags = ['-js', '-sd', join(folder, 'data'), '-a', '127.0.0.1', '-p', String(this.#port)];
    const child = spawn('nats-server', [...flags, '--ports_file_dir', folder], { stdio: 'ignore' });
    this.#child = child;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`nats-server ended with ${child.exitCode}`);
      try {
        const { nats } = JSON.parse(readFileSync(join(folder, `nats-server_${child.pid}.ports`), 'utf8')) as {
          nats: string[];
        };
        this.#port = Number(nats[0]?.split(':').at(-1));
        return this;
      } catch {
        // Not written yet, or not to its end.
        await sleep(10);
      }
    }
  }

  /** As a power cut ends it, without the cut. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Ends it and deletes what it kept. */
  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
