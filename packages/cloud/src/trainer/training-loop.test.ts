import { RenormError } from '@renorm/protocol';
import { test } from 'tap';
import { MemoryStore } from '../store/memory.js';
import type { Store } from '../store/store.js';
import { countingLoop, PER_STEP, upload } from './counting-strategy.test-support.js';
import type { TrainingLoop } from './training-loop.js';

const several = (steps: number, value = 1): number[] => Array.from({ length: steps * PER_STEP }, () => value);

/** The cohorts that had a step, in turn. */
async function stepsOf(loop: TrainingLoop, most: number): Promise<string[]> {
  const had: string[] = [];
  while (had.length < most) {
    const outcome = await loop.next();
    if (outcome.kind === 'rest') break;
    had.push(outcome.report.cohort);
  }
  return had;
}

/** A store that counts what is read from it. */
function counted(store: Store): { store: Store; reads: () => number } {
  let reads = 0;
  const counting = new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        if (name !== 'watch') reads += 1;
        return value.apply(target, given);
      };
    },
  });
  return { store: counting, reads: () => reads };
}

test('two busy cohorts beside each other among fifty get the same number of steps', async (t) => {
  const { cohorts, loop } = countingLoop(new MemoryStore());
  for (let i = 0; i < 50; i++) await upload(cohorts, `fair-${i}`, [1]);
  for (const busy of ['fair-20', 'fair-21']) await upload(cohorts, busy, several(200));
  const had = await stepsOf(loop, 200);
  t.same(
    ['fair-20', 'fair-21'].map((cohort) => had.filter((each) => each === cohort).length),
    [100, 100],
  );
});

test('a step reads as little of the store beside 10,000 idle cohorts as beside one', async (t) => {
  const reads: number[] = [];
  for (const idle of [1, 10_000]) {
    const { store, reads: readSoFar } = counted(new MemoryStore());
    const { cohorts, loop } = countingLoop(store);
    for (let i = 0; i < idle; i++) await upload(cohorts, `${idle}-idle-${i}`, [1]);
    await upload(cohorts, `${idle}-busy`, several(1));
    await loop.next();
    await upload(cohorts, `${idle}-busy`, several(1));
    const before = readSoFar();
    t.match(await loop.next(), { kind: 'step', report: { cohort: `${idle}-busy`, step: 2 } });
    reads.push(readSoFar() - before);
  }
  t.equal(reads[0], reads[1], `${reads}`);
});

test('two trainers on one store never fork a cohort: every sample counts once', async (t) => {
  const store = new MemoryStore();
  const trainers = [countingLoop(store), countingLoop(store)];
  const { cohorts } = trainers[0] as (typeof trainers)[0];
  await upload(cohorts, 'both', several(20));
  const had = await Promise.all(trainers.map(({ loop }) => stepsOf(loop, 100)));
  t.equal(had.flat().length, 20, `${had.map((each) => each.length)} steps`);
  const conflicts = trainers.flatMap(({ problems }) => problems);
  t.ok(conflicts.length > 0, 'who came second says so');
  t.ok(conflicts.every(({ code }) => code === 'CONFLICT'));
  const latest = await cohorts.latest('both');
  t.equal(latest?.number, 20);
  t.equal(Math.round(latest?.parameters.get('bn/beta')?.[0] ?? 0), 20 * PER_STEP);
  const chain = await cohorts.versionsAfter('both', 0);
  t.same(
    chain.map(({ number }) => number),
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
});

test('a step that fails passes its samples over and tells; the next ones are trained on', async (t) => {
  const { cohorts, loop } = countingLoop(new MemoryStore());
  await upload(cohorts, 'unlucky', [13, 1, 1, 1, 2, 2, 2, 2]);
  await t.rejects(loop.next(), { code: 'TRAINER_FAILED' });
  t.match(await loop.next(), { kind: 'step', report: { step: 1, backlog: 0 } });
  t.same(await loop.next(), { kind: 'rest', until: undefined });
});

test('a sample that cannot be decoded is left out and named, and the step is made with the others', async (t) => {
  const { cohorts, loop, problems } = countingLoop(new MemoryStore());
  await upload(cohorts, 'damaged', [1, 1]);
  const broken = { encoding: 1, rowFilter: 0, shape: [2], data: new Uint8Array([1, 2, 3]), sequence: 1 };
  await cohorts.append({ cohort: 'damaged', device: 'device-2', session: 'f'.repeat(32), samples: [broken] });
  await upload(cohorts, 'damaged', [1]);
  t.match(await loop.next(), { kind: 'step', report: { samples: 3 } });
  t.match(problems, [{ code: 'DATA_DAMAGED', message: /position 2 of cohort damaged/ }]);
});

test('on a full disk nothing is lost, and training goes on when there is room', async (t) => {
  let full = false;
  const store = new MemoryStore({
    beforeWrite() {
      if (full) throw new RenormError('DISK_FULL', 'no room.');
    },
  });
  const { cohorts, loop } = countingLoop(store);
  await upload(cohorts, 'full', several(2));
  full = true;
  await t.rejects(loop.next(), { code: 'DISK_FULL' });
  await t.rejects(loop.next(), { code: 'DISK_FULL' });
  full = false;
  t.equal((await stepsOf(loop, 10)).length, 2);
  t.equal(Math.round((await cohorts.latest('full'))?.parameters.get('bn/beta')?.[0] ?? 0), 2 * PER_STEP);
});

test('another strategy, or a rollback, begins from what devices run', async (t) => {
  const store = new MemoryStore();
  const { cohorts, loop } = countingLoop(store);
  await upload(cohorts, 'other', several(1));
  await loop.next();
  const { revision, trained } = (await cohorts.checkpoint('other')) as { revision: number; trained: number };
  const state = new Uint8Array();
  await cohorts.commit('other', { revision, trained, strategy: 'another', state, keepFrom: 0 });
  await upload(cohorts, 'other', several(1));
  const next = countingLoop(store);
  await next.loop.next();
  t.equal(Math.round((await cohorts.latest('other'))?.parameters.get('bn/beta')?.[0] ?? 0), 2 * PER_STEP);
});
