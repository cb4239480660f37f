import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Why there is no server here; undefined where there is. */
export const whyNoNats =
  spawnSync('nats-server', ['--version']).status === 0
    ? undefined
    : 'there is no nats-server: apt-get install nats-server, or put one of https://github.com/nats-io/nats-server/releases into PATH';

/** A nats-server of a test, with JetStream, on a port and a folder of its own. */
export class NatsServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'renorm-nats-'));
  readonly #settings: string;
  #child: ChildProcess | undefined;
  #port = -1;

  private constructor(settings: string) {
    this.#settings = settings;
  }

  /** @param settings further lines of its configuration; `max_file_store` and the like stand in `jetstream` */
  static async start(settings = '', jetstream = ''): Promise<NatsServer> {
    const server = new NatsServer(`${settings}\njetstream { store_dir: "FOLDER/data"\n${jetstream}\n}`);
    await server.start();
    return server;
  }

  /** host:port */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Starts it, or again on the same port and folder. */
  async start(): Promise<void> {
    const config = join(this.#folder, 'nats.conf');
    const lines = ['listen: ', `127.0.0.1:${this.#port}\n`, `ports_file_dir: "FOLDER"\n`, this.#settings];
    writeFileSync(config, lines.join('').replaceAll('FOLDER', this.#folder));
    const child = spawn('nats-server', ['-c', config], { stdio: 'ignore' });
    this.#child = child;
    const ports = join(this.#folder, `nats-server_${child.pid}.ports`);
    for (;;) {
      if (child.exitCode !== null) throw new Error(`nats-server ended with ${child.exitCode}`);
      try {
        const { nats } = JSON.parse(readFileSync(ports, 'utf8')) as { nats: string[] };
        this.#port = Number(nats[0]?.split(':').at(-1));
        return;
      } catch {
        // Not written yet, or not to its end.
        await sleep(10);
      }
    }
  }

  /** As a power cut ends it, without the cut. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  /** Ends it and deletes what it kept. */
  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
