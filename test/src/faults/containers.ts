import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audit } from './audit.js';
import { FaultyCloud, until } from './cloud.js';
import { Load } from './load.js';
import { Random } from './random.js';
import { newTally, type Tally, type Trial } from './tally.js';

/** A PID namespace of its own, where every cloud has the same process number, as in containers that share a volume. */
const wrap = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** Why there are no namespaces here; undefined where there are. */
export const whyNoNamespaces = (): string | undefined =>
  spawnSync(wrap[0] as string, [...wrap.slice(1), 'true']).status === 0
    ? undefined
    : 'needs root on Linux: PID namespaces stand for containers';

/**
 * A second cloud on the folder of one that runs, in another namespace; then the first is killed, and the next has to
 * start at once.
 */
export async function containers({ runs, seed, log = () => undefined }: Trial): Promise<Tally> {
  const random = new Random(seed);
  const tally = newTally('two containers on one folder', seed);
  const data = await mkdtemp(join(tmpdir(), 'renorm-containers-'));
  const load = new Load({ cohorts: ['lobby'], devicesPerCohort: 2, samplesPerUpload: 8, random });
  let first = new FaultyCloud(data, { wrap });
  load.start(await first.address());
  for (; tally.tried < runs; tally.tried++) {
    const before = load.acknowledged.size;
    if (!(await until(() => load.acknowledged.size > before)))
      tally.problems.push('nothing was acknowledged for 2 minutes');
    const second = new FaultyCloud(data, { wrap });
    if ((await second.listening) !== undefined) tally.problems.push('the second cloud opened the folder of the first');
    else if (!/DATA_IN_USE: .* is used by process \d+ on /.test(second.printed)) tally.problems.push(second.printed);
    await second.kill();
    await first.kill();
    first = new FaultyCloud(data, { wrap });
    load.moveTo(await first.address());
    log(`${tally.tried + 1} tried`);
  }
  await load.stop();
  await first.kill();
  await audit(data, load, tally);
  await rm(data, { recursive: true, force: true });
  return tally;
}
