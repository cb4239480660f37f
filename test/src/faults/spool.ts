import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openLevelStore } from '@renorm/edge/node';
import { until } from './cloud.js';
import { Random } from './random.js';
import { dataOf, ticketOf } from './spool-records.js';
import { newTally, type Tally, type Trial } from './tally.js';

const entry = fileURLToPath(new URL('./spool-entry.js', import.meta.url));
const numbers = (text = ''): number[] => text.split(',').filter(Boolean).map(Number);

/**
 * kill -9 of a process that writes to a device's store: all that was acknowledged is there, and nothing is there in
 * part.
 */
export async function spoolKills({ runs, seed, log = () => undefined }: Trial): Promise<Tally> {
  const random = new Random(seed);
  const tally = newTally("kill -9 of a device's store", seed);
  const parent = await mkdtemp(join(tmpdir(), 'renorm-spool-'));
  const folder = join(parent, 'state');
  /** Acknowledged and not let go; and what was asked to go when it was killed, which may be there or not. */
  const kept = new Set<number>();
  const gone = new Set<number>();
  let asked = new Set<number>();
  let next = 1;
  for (; tally.tried < runs; tally.tried++) {
    const child = spawn(process.execPath, [entry, folder, String(next), String(random.between(1, 1e6))], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let writes = 0;
    const lines = createInterface({ input: child.stdout }).on('line', (line) => {
      const [what, first, second] = line.split(' ');
      if (what === 'lost') tally.problems.push(line);
      if (what === 'asked') asked = new Set(numbers(first));
      if (what !== 'kept') return;
      for (const ticket of numbers(first)) {
        kept.add(ticket);
        next = Math.max(next, ticket + 1);
      }
      for (const ticket of numbers(second)) {
        kept.delete(ticket);
        gone.add(ticket);
      }
      tally.acknowledged += numbers(first).length;
      asked = new Set();
      writes += 1;
    });
    const closed = Promise.all([once(child, 'exit'), once(lines, 'close')]);
    // One in five while it starts.
    if (random.below(5) > 0 && !(await until(() => writes > 0))) tally.problems.push('nothing was kept for 2 minutes');
    await sleep(random.below(250));
    child.kill('SIGKILL');
    await closed;
    next = Math.max(next, await look(folder, { kept, gone, asked }, tally));
    log(`${tally.tried + 1} killed, ${tally.acknowledged} records acknowledged`);
  }
  await rm(parent, { recursive: true, force: true });
  return tally;
}

/** Holds what is there against what was told. @returns a ticket that was not given yet */
async function look(
  folder: string,
  { kept, gone, asked }: { kept: Set<number>; readonly gone: ReadonlySet<number>; readonly asked: ReadonlySet<number> },
  tally: Tally,
): Promise<number> {
  const { store, lost } = await openLevelStore(folder);
  if (lost !== undefined) tally.problems.push(lost);
  const samples = new Set((await store.list('sample/')).map(({ key }) => ticketOf(key)));
  const data = await store.list('data/');
  for (const { key, value } of data) {
    const ticket = ticketOf(key);
    if (!samples.has(ticket)) tally.problems.push(`of the sample ${ticket} a part is there`);
    if (Buffer.compare(value, dataOf(ticket)) !== 0) tally.changed += 1;
  }
  if (data.length !== samples.size) tally.problems.push(`${samples.size} samples, and data of ${data.length}`);
  for (const ticket of kept) if (!samples.has(ticket) && !asked.has(ticket)) tally.lost += 1;
  for (const ticket of gone)
    if (samples.has(ticket)) tally.problems.push(`the sample ${ticket} was let go, and is there`);
  // What was written and not told: the next process finds it as well.
  const last = ticketOf([...data].at(-1)?.key ?? 'data/0');
  kept.clear();
  for (const ticket of samples) kept.add(ticket);
  await store.close();
  return last + 1;
}
