import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { audit } from './audit.js';
import { FaultyCloud, until } from './cloud.js';
import { Load } from './load.js';
import { Predictor } from './predictor.js';
import { Random } from './random.js';
import { newTally, type Tally, type Trial } from './tally.js';

/** Kills on one data folder: after that what was trained on would leave the replay buffer. */
const KILLS_PER_FOLDER = 20;
/** One of so many is killed while it starts. */
const EARLY = 5;

/** kill -9 of the cloud at random moments, while devices upload, train and take versions. */
export async function kills({ runs, seed, log = () => undefined }: Trial): Promise<Tally> {
  const random = new Random(seed);
  const tally = newTally('kill -9 of the cloud', seed);
  while (tally.tried < runs) await killsOnOneFolder(random, tally, Math.min(KILLS_PER_FOLDER, runs - tally.tried), log);
  return tally;
}

async function killsOnOneFolder(
  random: Random,
  tally: Tally,
  runs: number,
  log: (line: string) => void,
): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'renorm-kills-'));
  let cloud = new FaultyCloud(data);
  const address = await cloud.address();
  const port = Number(address.split(':')[1]);
  const load = new Load({ cohorts: ['lobby', 'cellar'], devicesPerCohort: 2, samplesPerUpload: 16, random });
  load.start(address);
  const predictor = await Predictor.open(address);
  try {
    for (let i = 0; i < runs; i++) {
      if (random.below(EARLY) === 0) await sleep(random.below(1_500));
      else {
        await cloud.address();
        const before = load.acknowledged.size;
        if (!(await until(() => load.acknowledged.size > before)))
          tally.problems.push('nothing was acknowledged for 2 minutes');
        await sleep(random.below(600));
      }
      await cloud.kill();
      tally.tried += 1;
      log(`${tally.tried} killed, ${load.acknowledged.size} samples acknowledged`);
      cloud = new FaultyCloud(data, { port });
    }
    await cloud.address();
    const before = load.acknowledged.size;
    if (!(await until(() => load.acknowledged.size > before)))
      tally.problems.push('it does not go on after the last kill');
  } finally {
    await load.stop();
    tally.missed += (await predictor.close()).missed;
    await cloud.kill();
  }
  await audit(data, load, tally);
  await rm(data, { recursive: true, force: true });
}
