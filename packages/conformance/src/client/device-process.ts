import { type ChildProcess, spawn } from 'node:child_process';

/** What a device under test is told, as environment variables; docs/conformance.md says what each means. */
export type DeviceEnvironment = Readonly<Record<string, string>>;

const TAIL = 2_000;
const GRACE_MS = 2_000;

/** A device under test, started by a command line. */
export class DeviceProcess {
  readonly #child: ChildProcess;
  #output = '';
  #ended: string | undefined;

  constructor(command: string, environment: DeviceEnvironment) {
    // In a group of its own: what the shell starts has to end with it.
    this.#child = spawn(command, {
      shell: true,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString('utf8')).slice(-TAIL);
    };
    this.#child.stdout?.on('data', keep);
    this.#child.stderr?.on('data', keep);
    this.#child.on('error', (error) => (this.#ended = error.message));
    this.#child.on('exit', (code, signal) => (this.#ended ??= `exit ${code ?? signal}`));
  }

  /** How it ended, with the last that it printed; undefined while it runs. */
  get ended(): string | undefined {
    return this.#ended && `${this.#ended}${this.said}`;
  }

  /** The last that it printed. */
  get said(): string {
    return this.#output.trim() === '' ? '' : `; it printed: ${this.#output.trim()}`;
  }

  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    const gone = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.#kill('SIGTERM');
    const timer = setTimeout(() => this.#kill('SIGKILL'), GRACE_MS);
    await gone;
    clearTimeout(timer);
  }

  #kill(signal: NodeJS.Signals): void {
    try {
      process.kill(-(this.#child.pid ?? 0), signal);
    } catch {
      // It has ended in between.
    }
  }
}
