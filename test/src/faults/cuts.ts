import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { audit } from './audit.js';
import { FaultyCloud, until } from './cloud.js';
import { Load, type Witness } from './load.js';
import { Random } from './random.js';
import { newTally, type Tally, type Trial } from './tally.js';
import { CuttableDisk, imageVolume } from './volume.js';

const DISK_MEGABYTES = 64;
/** Cuts of one disk. The first is made while the cloud starts for the first time. */
const CUTS_PER_DISK = 5;

interface Cut {
  readonly image: string;
  readonly witness: Witness;
  readonly isEarly: boolean;
}

/**
 * Power cuts at random moments, while devices upload, train and take versions: the block device as it was at that
 * moment.
 */
export async function cuts({ runs, seed, log = () => undefined }: Trial): Promise<Tally> {
  const random = new Random(seed);
  const tally = newTally('power cut', seed);
  while (tally.tried < runs) await cutsOfOneDisk(random, tally, Math.min(CUTS_PER_DISK, runs - tally.tried), log);
  return tally;
}

async function cutsOfOneDisk(random: Random, tally: Tally, runs: number, log: (line: string) => void): Promise<void> {
  const images = await mkdtemp(join(tmpdir(), 'renorm-cuts-'));
  const disk = new CuttableDisk(DISK_MEGABYTES);
  const taken: Cut[] = [];
  const load = new Load({ cohorts: ['lobby', 'cellar'], devicesPerCohort: 2, samplesPerUpload: 16, random });
  try {
    const data = join(disk.path, 'state');
    const cut = (isEarly: boolean): void => {
      // Before the disk stands still: what is acknowledged now has to be in it.
      const witness = load.snapshot();
      const image = join(images, `${taken.length}.img`);
      disk.cut(image);
      taken.push({ image, witness, isEarly });
    };
    const cloud = new FaultyCloud(data);
    await sleep(random.below(2_000));
    cut(true);
    load.start(await cloud.address());
    for (let i = 1; i < runs; i++) {
      const before = load.acknowledged.size;
      if (!(await until(() => load.acknowledged.size > before)))
        tally.problems.push('nothing was acknowledged for 2 minutes');
      await sleep(random.below(800));
      cut(false);
    }
    await load.stop();
    await cloud.kill();
  } finally {
    disk.remove();
  }
  for (const each of taken) {
    await lookAt(each, tally);
    tally.tried += 1;
    log(`${tally.tried} cut, ${tally.acknowledged} samples acknowledged`);
  }
  await rm(images, { recursive: true, force: true });
}

async function lookAt({ image, witness, isEarly }: Cut, tally: Tally): Promise<void> {
  const volume = imageVolume(image);
  try {
    const data = join(volume.path, 'state');
    if (!isEarly) return await audit(data, witness, tally);
    // Nothing was acknowledged yet, so there may be nothing; but it has to start.
    const cloud = new FaultyCloud(data);
    if ((await cloud.listening) === undefined) tally.problems.push(`after a cut at its first start: ${cloud.printed}`);
    await cloud.kill();
  } finally {
    volume.remove();
  }
}
