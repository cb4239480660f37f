import { readFile, writeFile } from 'node:fs/promises';

/** Bytes of a field of /proc/self/status: VmRSS, what is resident now, or VmHWM, the most that was. Linux only. */
async function resident(field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const lines = (await readFile('/proc/self/status', 'utf8')).split('\n');
  const line = lines.find((each) => each.startsWith(`${field}:`)) ?? '';
  return Number(line.split(/\s+/)[1]) * 1024;
}

/** Memory of this process, in bytes. */
export interface Residence {
  /** Resident before. */
  readonly before: number;
  /** The most that was resident. */
  readonly peak: number;
  /** Resident after. */
  readonly after: number;
}

/** The memory that an action takes in this process beyond what is resident already. */
export async function residence(action: () => Promise<unknown>): Promise<Residence> {
  // Sets the high-water mark back to what is resident now: see clear_refs in proc(5).
  await writeFile('/proc/self/clear_refs', '5');
  const before = await resident('VmRSS');
  await action();
  return { before, peak: await resident('VmHWM'), after: await resident('VmRSS') };
}
