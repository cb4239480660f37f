import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { heldInput } from './input-slot.js';
import { type Assignment, CHUNK_SIZE, type Report } from './messages.js';

/** What an input may take. */
export interface Limits {
  readonly seconds: number;
  /** Resident memory of the whole process in MB, and its JavaScript heap. */
  readonly memory: number;
  readonly heap: number;
}

export const LIMITS: Limits = { seconds: 1, memory: 512, heap: 192 };

export interface Finding {
  readonly bytes: Uint8Array;
  readonly why: string;
}

/** What a run over one target came to. */
export interface Summary {
  readonly inputs: number;
  readonly accepted: number;
  /** Milliseconds of the slowest input that ended. */
  readonly slowest: number;
  /** Most resident memory, in MB. */
  readonly memory: number;
  readonly seconds: number;
  /** One for each reason. */
  readonly findings: readonly Finding[];
}

/**
 * Decodes damaged inputs in a process of its own, and starts it over behind an input that ends it or takes too long.
 *
 * @param what the target, how many inputs, from which seed; or one recorded file
 * @throws Error: the decoding process does not start
 */
export async function runTarget(
  what: Pick<Assignment, 'target' | 'module' | 'inputs' | 'seed' | 'file'>,
  limits: Limits = LIMITS,
): Promise<Summary> {
  const folder = await mkdtemp(join(tmpdir(), 'renorm-fuzz-'));
  const slot = join(folder, 'input');
  const reports: Extract<Report, { kind: 'chunk' }>[] = [];
  const findings: Finding[] = [];
  const started = performance.now();
  try {
    const chunks = what.file === undefined ? Math.ceil(what.inputs / CHUNK_SIZE) : 1;
    for (let fromChunk = 0; fromChunk < chunks; ) {
      const assignment = { ...what, fromChunk, slot, memoryLimit: limits.memory };
      const end = await decodeInChild(assignment, limits, (report) => reports.push(report));
      if (end === undefined) break;
      const input = heldInput(slot);
      if (input === undefined) throw new Error(`the decoding process for ${what.target} did not start: ${end}`);
      // A process over its memory has reported its input already.
      if (end !== OVERGROWN) findings.push({ bytes: input.bytes, why: end });
      fromChunk = Math.floor(input.index / CHUNK_SIZE) + 1;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  for (const { finding } of reports) if (finding !== undefined) findings.push(finding);
  const largest = (values: number[]): number => Math.max(0, ...values);
  const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    inputs: sum(reports.map(({ inputs }) => inputs)),
    accepted: sum(reports.map(({ accepted }) => accepted)),
    slowest: largest(reports.map(({ slowest }) => slowest)),
    memory: largest(reports.map(({ memory }) => memory)),
    seconds: (performance.now() - started) / 1000,
    findings: distinct(findings),
  };
}

const OVERGROWN = 'over its memory';

/** How often the watchdog looks, in milliseconds. */
const LOOK_EVERY = 100;

/** @returns why the process ended, or undefined if it did all */
async function decodeInChild(
  assignment: Assignment,
  { seconds, memory, heap }: Limits,
  onChunk: (report: Extract<Report, { kind: 'chunk' }>) => void,
): Promise<string | undefined> {
  const child = fork(fileURLToPath(new URL('./decode-entry.js', import.meta.url)), {
    execArgv: [`--max-old-space-size=${heap}`],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let printed = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    printed = (printed + chunk.toString()).slice(-2000);
  });
  let end: string | undefined = 'it ended early';
  child.on('message', (report: Report) => {
    if (report.kind === 'done') end = undefined;
    else onChunk(report);
    if (report.kind === 'chunk' && report.memory > memory) stop(OVERGROWN);
  });
  const stop = (why: string): void => {
    end = why;
    child.kill('SIGKILL');
  };
  child.send(assignment);
  const watch = watchdog(assignment.slot, seconds, () => stop(`took more than ${seconds} s`));
  const [code, signal] = await exitOf(child);
  clearInterval(watch);
  if (end !== 'it ended early') return end;
  const cause = printed.includes('heap out of memory') ? 'its heap is full' : (signal ?? `exit code ${code}`);
  return `the process ended: ${cause}\n\n${printed.trim()}`;
}

/** Calls back when the same input stays in the slot for too long. */
function watchdog(slot: string, seconds: number, onHang: () => void): NodeJS.Timeout {
  let last = -1;
  let since = performance.now();
  return setInterval(() => {
    const index = indexIn(slot);
    // While the process prepares, nothing is in the slot.
    if (index === undefined || index !== last) {
      last = index ?? -1;
      since = performance.now();
    } else if (performance.now() - since > seconds * 1000) onHang();
  }, LOOK_EVERY);
}

function indexIn(slot: string): number | undefined {
  try {
    return heldInput(slot)?.index;
  } catch {
    // Not there yet.
    return undefined;
  }
}

async function exitOf(child: ChildProcess): Promise<[number | null, string | null]> {
  const [code, signal] = await once(child, 'close');
  return [code, signal];
}

/** The first finding of each reason. Stack traces differ behind the place where an error was thrown. */
function distinct(findings: readonly Finding[]): Finding[] {
  const reason = ({ why }: Finding): string => why.split('\n').slice(0, 2).join('\n').replaceAll(/\d+/g, '#');
  return [...new Map(findings.toReversed().map((finding) => [reason(finding), finding])).values()];
}
