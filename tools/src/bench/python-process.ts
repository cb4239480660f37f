import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { RenormError } from '@renorm/protocol';

/** A Python program that answers each line on its standard input with one line, and waits in between. */
export interface PythonProcess {
  /** The next line that it prints of itself. */
  next(): Promise<string>;
  /** Its answer to one line. */
  ask(): Promise<string>;
  end(): void;
}

/** @throws RenormError REQUEST_INVALID, from `next` and `ask`: that Python cannot run the program */
export function startPython(python: string, args: readonly string[]): PythonProcess {
  const child = spawn(python, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const failed = once(child, 'error').then(([error]) => String(error));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const line = await Promise.race([
      lines.next().then(({ value }) => value as string | undefined),
      failed.then(() => undefined),
    ]);
    if (line !== undefined) return line;
    const why = complaints.trim().split('\n').at(-1) ?? '';
    throw new RenormError(
      'REQUEST_INVALID',
      `${python} cannot run PyTorch (${why || 'it did not start'}). Install what models/train/requirements.txt and models/zoo/requirements.txt list, and name that Python with --python.`,
    );
  };
  return {
    next,
    ask() {
      child.stdin.write('step\n');
      return next();
    },
    end: () => child.stdin.end(),
  };
}

/**
 * Runs a Python program to its end.
 *
 * @returns what it printed @throws RenormError REQUEST_INVALID: it failed, with its last complaint
 */
export async function runPython(python: string, args: readonly string[]): Promise<string> {
  const child = spawn(python, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, complaints] = [[] as Buffer[], [] as Buffer[]];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
  const [code] = (await once(child, 'close')) as [number];
  if (code === 0) return Buffer.concat(out).toString();
  const why = Buffer.concat(complaints).toString().trim().split('\n').at(-1) ?? '';
  throw new RenormError('REQUEST_INVALID', `${python} ${args.join(' ')} ended with code ${code}: ${why}`);
}
