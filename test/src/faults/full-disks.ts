import { rmSync, statfsSync, writeFileSync } from 'node:fs';
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
import { imageVolume, memoryVolume, newImage } from './volume.js';

const DISK_MEGABYTES = 48;
/**
 * Times that one disk is filled: after that what was trained on would leave the replay buffer, or the disk be full by
 * itself.
 */
const FILLS_PER_DISK = 5;

/**
 * Fills the disk, waits until the cloud refuses, makes room, and waits until it goes on. In turn a file system in
 * memory and ext4.
 */
export async function fullDisks({ runs, seed, log = () => undefined }: Trial): Promise<Tally> {
  const random = new Random(seed);
  const tally = newTally('full disk', seed);
  for (let turn = 0; tally.tried < runs; turn++)
    await fillsOfOneDisk(random, tally, Math.min(FILLS_PER_DISK, runs - tally.tried), turn % 2 === 0, log);
  return tally;
}

async function fillsOfOneDisk(
  random: Random,
  tally: Tally,
  runs: number,
  inMemory: boolean,
  log: (line: string) => void,
): Promise<void> {
  const images = await mkdtemp(join(tmpdir(), 'renorm-full-'));
  const image = join(images, 'disk.img');
  if (!inMemory) newImage(image, DISK_MEGABYTES);
  const volume = inMemory ? memoryVolume(DISK_MEGABYTES) : imageVolume(image);
  try {
    const data = join(volume.path, 'state');
    const cloud = new FaultyCloud(data);
    const address = await cloud.address();
    const load = new Load({ cohorts: ['lobby'], devicesPerCohort: 2, samplesPerUpload: 4, random });
    load.start(address);
    const predictor = await Predictor.open(address);
    const ballast = join(volume.path, 'ballast');
    for (let i = 0; i < runs; i++) {
      const before = load.acknowledged.size;
      if (!(await until(() => load.acknowledged.size > before)))
        tally.problems.push('it does not go on where there is room');
      await sleep(random.below(300));
      const refused = load.refused.get('DISK_FULL') ?? 0;
      fill(ballast, volume.path, random.below(64) * 1024);
      const isRefused = await until(() => (load.refused.get('DISK_FULL') ?? 0) > refused + 4 || !cloud.isAlive);
      if (!cloud.isAlive) tally.problems.push(`the cloud ended: ${cloud.printed}`);
      else if (!isRefused) tally.problems.push('the cloud did not refuse for 2 minutes');
      rmSync(ballast, { force: true });
      tally.tried += 1;
      log(`${tally.tried} filled, ${load.acknowledged.size} samples acknowledged`);
    }
    const before = load.acknowledged.size;
    if (!(await until(() => load.acknowledged.size > before)))
      tally.problems.push('it does not go on after the last time');
    for (const code of load.refused.keys())
      if (code !== 'DISK_FULL' && code !== 'BUDGET_EXHAUSTED')
        tally.problems.push(`an upload was answered with ${code}`);
    await load.stop();
    tally.missed += (await predictor.close()).missed;
    await cloud.kill();
    await audit(data, load, tally);
  } finally {
    volume.remove();
    await rm(images, { recursive: true, force: true });
  }
}

/** Writes a file that leaves so many bytes, or none where that cannot be hit. */
function fill(file: string, folder: string, left: number): void {
  const { bavail, bsize } = statfsSync(folder);
  try {
    writeFileSync(file, new Uint8Array(Math.max(0, bavail * bsize - left)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
