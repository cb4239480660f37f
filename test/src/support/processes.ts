import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { repositoryPath } from './cloud-process.js';

/** What a command came to. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command under way. */
export interface Running {
  readonly child: ChildProcess;
  /** Resolves when the command's stderr or stdout matches; rejects if it ends first. */
  printed(pattern: RegExp): Promise<void>;
  readonly outcome: Promise<Outcome>;
}

/** Starts a script of the repository with this Node, without a terminal. */
export function start(script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, [repositoryPath(script), ...args], {
    cwd: repositoryPath(''),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      text[name] += chunk.toString();
    });
  }
  const outcome = new Promise<Outcome>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, ...text }));
  });
  return {
    child,
    outcome,
    async printed(pattern) {
      let ended = false;
      void outcome.then(() => {
        ended = true;
      });
      while (!pattern.test(text.stdout) && !pattern.test(text.stderr)) {
        if (ended) throw new Error(`ended before it printed ${pattern}:\n${text.stdout}\n${text.stderr}`);
        await sleep(20);
      }
    },
  };
}

/** Runs a `renorm` command to its end. */
export function renorm(...args: readonly string[]): Promise<Outcome> {
  return start('packages/cli/dist/main.js', args).outcome;
}

/** Whether /proc tells who is whose child. */
export const canListChildren = process.platform === 'linux';

/** Ids of the direct children of a process (Linux). */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        // "pid (name) state ppid …"; the name may contain anything but ends with the last bracket.
        const fields = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
        return Number(fields[1]) === pid && fields[0] !== 'Z' ? [Number(name)] : [];
      } catch {
        return []; // it ended between the listing and the reading
      }
    });
}

/** Whether a process is there and is more than a zombie (Linux). */
export function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.startsWith('Z') === false;
  } catch {
    return false;
  }
}

/** Resolves when none of the processes is left; false if some still are after the time. */
export async function allGone(pids: readonly number[], seconds: number): Promise<boolean> {
  for (let i = 0; i < seconds * 20; i++) {
    if (!pids.some(isAlive)) return true;
    await sleep(50);
  }
  return false;
}
