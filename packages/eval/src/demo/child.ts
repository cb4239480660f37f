import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FromChild, ToChild } from './messages.js';

const STOP_SECONDS = 10;
const KEPT_OUTPUT = 4000;

/** A child process of the run. */
export interface Child {
  readonly name: string;
  send(message: ToChild): void;
  /** Resolves with the next message of this kind; rejects if the process fails or ends first. */
  next<K extends FromChild['kind']>(kind: K): Promise<Extract<FromChild, { kind: K }>>;
  /** Asks the process to close and waits until it is gone; ends it by force if it does not close. */
  stop(): Promise<void>;
}

/** The two programs that a run starts. */
export type Entry = 'cloud-entry' | 'device-entry';

/**
 * Starts a compiled entry of this folder with a message channel.
 * @param onFailure called once with the reason if the process fails or ends without having been asked to
 */
export function startChild(
  name: string,
  entry: Entry,
  onMessage: (message: FromChild) => void,
  onFailure: (error: Error) => void,
): Child {
  const child = fork(fileURLToPath(new URL(`./${entry}.js`, import.meta.url)), {
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let stopping = false;
  let failure: Error | undefined;
  let output = '';
  const waiting: { kind: FromChild['kind']; resolve(message: FromChild): void; reject(error: Error): void }[] = [];

  const fail = (message: string): void => {
    if (stopping || failure !== undefined) return;
    failure = new Error(message);
    for (const waiter of waiting.splice(0)) waiter.reject(failure);
    onFailure(failure);
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-KEPT_OUTPUT);
    });
  }
  child.on('message', (message: FromChild) => {
    if (message.kind === 'failed') return fail(message.message);
    onMessage(message);
    for (const waiter of waiting.filter(({ kind }) => kind === message.kind)) {
      waiting.splice(waiting.indexOf(waiter), 1);
      waiter.resolve(message);
    }
  });
  child.on('error', (error) => fail(`${name} could not be started: ${error.message}`));
  child.on('exit', (code, signal) => {
    const printed = output.trim() === '' ? '' : ` It printed:\n${output.trim()}`;
    fail(`${name} ended unexpectedly (${signal ?? `exit code ${code}`}).${printed}`);
  });

  return {
    name,
    send: (message) => void (child.connected && child.send(message)),
    next: (kind) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) reject(failure);
        else waiting.push({ kind, resolve: resolve as (message: FromChild) => void, reject });
      }),
    async stop() {
      stopping = true;
      await endProcess(child);
    },
  };
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  if (child.connected) child.send({ kind: 'stop' } satisfies ToChild);
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_SECONDS * 1000);
  await gone;
  clearTimeout(force);
}
