import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { InputSlot } from './input-slot.js';
import { judge } from './judge.js';
import { type Assignment, CHUNK_SIZE, type Report } from './messages.js';
import { inputOf, plans } from './mutate.js';
import type { Prepared, Target } from './target.js';

/** The process that decodes. Who started it watches the slot and ends the process when an input takes too long. */
process.once('message', (assignment: Assignment) => {
  decodeAll(assignment).then(
    () => process.disconnect(),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function decodeAll(assignment: Assignment): Promise<void> {
  const { TARGETS } = (await import(assignment.module ?? './targets.js')) as { TARGETS: readonly Target[] };
  const target = TARGETS.find(({ name }) => name === assignment.target);
  if (target === undefined) throw new Error(`there is no target ${assignment.target}`);
  const prepared = await target.prepare();
  const slot = new InputSlot(assignment.slot);
  try {
    if (assignment.file !== undefined) await decodeFile(prepared, slot, assignment, assignment.file);
    else await decodeChunks(prepared, slot, assignment);
  } finally {
    slot.close();
  }
  await report({ kind: 'done' });
}

async function decodeChunks(prepared: Prepared, slot: InputSlot, assignment: Assignment): Promise<void> {
  const chunks = Math.ceil(assignment.inputs / CHUNK_SIZE);
  for (let chunk = assignment.fromChunk; chunk < chunks; chunk++) {
    const size = Math.min(CHUNK_SIZE, assignment.inputs - chunk * CHUNK_SIZE);
    await report(await decodeChunk(prepared, slot, assignment, chunk, size));
  }
}

async function decodeChunk(
  prepared: Prepared,
  slot: InputSlot,
  { seed, memoryLimit }: Assignment,
  chunk: number,
  size: number,
): Promise<Report> {
  let [inputs, accepted, slowest] = [0, 0, 0];
  let overgrown: Uint8Array | undefined;
  const property = fc.asyncProperty(plans, async (plan) => {
    const bytes = inputOf(prepared.corpus, plan);
    slot.put(chunk * CHUNK_SIZE + inputs++, bytes);
    const started = performance.now();
    const verdict = await judge(prepared, bytes);
    slowest = Math.max(slowest, performance.now() - started);
    if (verdict.accepted) accepted++;
    const grown = memoryFinding(memoryLimit);
    // The peak stays when a smaller input is tried: this one cannot be reduced here.
    if (grown !== undefined) overgrown ??= bytes;
    const why = verdict.finding ?? grown;
    if (why !== undefined) throw new Error(why);
  });
  // Chunk by chunk, so that a chunk can be drawn without those before it.
  const drawn = Math.imul(seed, 0x9e3779b1) ^ Math.imul(chunk + 1, 0x85ebca6b);
  const result = await fc.check(property, { seed: drawn, numRuns: size });
  const found = result.failed && result.counterexample !== null;
  const finding = found
    ? { bytes: overgrown ?? inputOf(prepared.corpus, result.counterexample[0]), why: messageOf(result.errorInstance) }
    : undefined;
  return { kind: 'chunk', number: chunk, inputs, accepted, slowest, memory: peakMemory(), ...(finding && { finding }) };
}

async function decodeFile(
  prepared: Prepared,
  slot: InputSlot,
  { memoryLimit }: Assignment,
  file: string,
): Promise<void> {
  const bytes = new Uint8Array(await readFile(file));
  slot.put(0, bytes);
  const started = performance.now();
  const { accepted, finding } = await judge(prepared, bytes);
  const slowest = performance.now() - started;
  const why = finding ?? memoryFinding(memoryLimit);
  const counts = { kind: 'chunk', number: 0, inputs: 1, accepted: accepted ? 1 : 0, slowest } as const;
  await report({ ...counts, memory: peakMemory(), ...(why !== undefined && { finding: { bytes, why } }) });
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** In MB. The system keeps the peak, so that no input escapes between two looks. */
const peakMemory = (): number => process.resourceUsage().maxRSS / 1024;

function memoryFinding(limit: number): string | undefined {
  const peak = peakMemory();
  return peak > limit ? `resident memory reached ${peak.toFixed(0)} MB, above ${limit} MB` : undefined;
}

function report(message: Report): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}
