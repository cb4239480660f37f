import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { checkState } from '@renorm/cloud';
import { repositoryPath } from '../support/cloud-process.js';
import { FaultyCloud, until } from './cloud.js';
import { Random } from './random.js';
import { newTally, type Tally, type Trial } from './tally.js';

const entry = fileURLToPath(new URL('./device-entry.js', import.meta.url));
const model = repositoryPath('models/fashion-edge.onnx');

/** kill -9 of a device while it uploads: what it was told is kept is kept, once. */
export async function deviceKills({ runs, seed, log = () => undefined }: Trial): Promise<Tally> {
  const random = new Random(seed);
  const tally = newTally('kill -9 of a device', seed);
  const data = await mkdtemp(join(tmpdir(), 'renorm-devices-'));
  const cloud = new FaultyCloud(data);
  const address = await cloud.address();
  const told = new Map<string, number>();
  for (; tally.tried < runs; tally.tried++) {
    const id = `device-${tally.tried}`;
    const child = spawn(process.execPath, [entry, model, address, id], { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: child.stdout }).on('line', (line) => told.set(id, Number(line)));
    const gone = once(child, 'exit');
    if (!(await until(() => (told.get(id) ?? 0) > 0))) tally.problems.push(`${id} uploaded nothing for 2 minutes`);
    await sleep(random.below(400));
    child.kill('SIGKILL');
    await gone;
    log(`${tally.tried + 1} killed`);
  }
  await cloud.kill();
  const stored = new Map<string, Set<number>>();
  const { problems } = await checkState({
    data,
    onSample: (_, __, { device, sequence }) => stored.set(device, (stored.get(device) ?? new Set()).add(sequence)),
  });
  tally.problems.push(...problems);
  for (const [id, acknowledged] of told) {
    tally.acknowledged += acknowledged;
    tally.lost += Math.max(0, acknowledged - (stored.get(id)?.size ?? 0));
  }
  await rm(data, { recursive: true, force: true });
  return tally;
}
