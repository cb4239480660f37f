import { seededRandom } from '@renorm/protocol';
import { test } from 'tap';
import { CohortBudget, type Progress } from './budget.js';

/** A cohort in which devices upload and a trainer takes the oldest samples. */
class Cohort {
  readonly budget: CohortBudget;
  readonly uploaded = new Map<string, number>();
  readonly refused = new Map<string, number>();
  now = 0;
  #received = 0;
  #trained = 0;

  constructor(capacity: number, received = 0) {
    this.budget = new CohortBudget(capacity);
    this.#received = received;
  }

  get progress(): Progress {
    return { received: this.#received, trained: this.#trained };
  }

  get waiting(): number {
    return this.#received - this.#trained;
  }

  /** @returns whether it was taken */
  upload(device: string, samples: number): boolean {
    const { admitted } = this.budget.request(device, samples, this.progress, this.now);
    const counts = admitted ? this.uploaded : this.refused;
    counts.set(device, (counts.get(device) ?? 0) + 1);
    if (!admitted) return false;
    this.#received += samples;
    this.budget.stored(device, samples, samples);
    return true;
  }

  train(samples: number): void {
    this.#trained = Math.min(this.#received, this.#trained + samples);
  }

  taken(device: string): number {
    return this.uploaded.get(device) ?? 0;
  }
}

test('one greedy device leaves room: an honest one is never refused', (t) => {
  const cohort = new Cohort(1_024);
  for (; cohort.now < 20_000; cohort.now += 10) {
    for (let i = 0; i < 5; i++) cohort.upload('greedy', 32);
    if (cohort.now % 1_000 === 0) cohort.upload('honest', 16);
    if (cohort.now % 500 === 0) cohort.train(32);
  }
  t.equal(cohort.taken('honest'), 20);
  t.equal(cohort.refused.get('honest'), undefined);
  t.ok((cohort.refused.get('greedy') ?? 0) > 1_000);
  t.ok(cohort.waiting <= 1_024);
  t.end();
});

test('of k devices that send all they can each comes to 1 / (k + 1) of the budget', (t) => {
  for (const k of [1, 2, 3, 7]) {
    const cohort = new Cohort(4_096);
    for (let i = 0; i < 4_096; i++) for (let d = 0; d < k; d++) cohort.upload(`device-${d}`, 1);
    const each = cohort.waiting / k;
    t.ok(Math.abs(each - 4_096 / (k + 1)) <= 1, `${k} devices: ${each}`);
    for (let d = 0; d < k; d++) t.ok(Math.abs(cohort.taken(`device-${d}`) - each) <= 1);
  }
  t.end();
});

test('whatever devices do, in any order: those that always want get the same, and the bound holds (seeded)', (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    const cohort = new Cohort(256);
    const eagerness = [1, 4, 16, 64];
    for (; cohort.now < 100_000; cohort.now += 100) {
      for (const [d, times] of eagerness.entries())
        for (let i = 0; i < times; i++) if (random() < 0.5) cohort.upload(`device-${d}`, 8);
      if (random() < 0.3) cohort.train(16);
      if (cohort.waiting > 256 + 8) throw new Error(`seed ${seed}: ${cohort.waiting} samples wait`);
    }
    const taken = eagerness.map((_, d) => cohort.taken(`device-${d}`));
    t.ok(Math.min(...taken) > 0.8 * Math.max(...taken), `seed ${seed}: ${taken.join(', ')}`);
  }
  t.end();
});

test('room is kept for who was refused: it is served by who has waited longest, not by who tries most often', (t) => {
  // What came before the start is nobody's, and fills the budget.
  const cohort = new Cohort(64, 64);
  t.notOk(cohort.upload('patient', 8));
  cohort.now = 1_000;
  t.notOk(cohort.upload('pushing', 8));
  const order: string[] = [];
  for (cohort.now = 2_000; cohort.now < 40_000 && order.length < 2; cohort.now += 100) {
    if (cohort.upload('pushing', 8)) order.push('pushing');
    if (cohort.now % 10_000 === 0 && cohort.upload('patient', 8)) order.push('patient');
    if (cohort.now % 1_000 === 0) cohort.train(1);
  }
  t.same(order, ['patient', 'pushing'], 'who asks every ten seconds before who asks ten times per second');
  t.ok((cohort.refused.get('pushing') ?? 0) > 70);
  t.end();
});

test('kept room is given to others when nobody comes for it', (t) => {
  const cohort = new Cohort(64, 64);
  cohort.upload('gone', 32);
  cohort.train(8);
  cohort.now = 1_000;
  t.notOk(cohort.upload('other', 8), 'it is kept');
  cohort.now = 90_001;
  t.ok(cohort.upload('other', 8));
  t.end();
});

test('who is refused hears when to come again, from how fast samples are trained on', (t) => {
  const cohort = new Cohort(64, 128);
  const comeBack = (): number => {
    const verdict = cohort.budget.ask('cam', cohort.progress, cohort.now);
    return verdict.admitted ? 0 : verdict.comeBackMs;
  };
  t.equal(comeBack(), 30_000, 'not known yet');
  for (let i = 0; i < 30; i++) {
    cohort.now += 1_000;
    cohort.train(2);
    comeBack();
  }
  const expected = ((cohort.waiting - 63) / 2) * 1_000;
  t.ok(Math.abs(comeBack() - expected) < 0.2 * expected, `${comeBack()} of ${expected}`);
  t.end();
});

test('an upload that came to nothing, and duplicates, cost no budget; who is done is forgotten', (t) => {
  const budget = new CohortBudget(16);
  const progress = { received: 0, trained: 0 };
  t.match(budget.request('cam', 16, progress, 0), { admitted: true });
  t.match(budget.ask('cam', progress, 0), { admitted: false }, 'while it is stored it counts');
  budget.failed('cam', 16);
  t.match(budget.ask('cam', progress, 0), { admitted: true, left: 1 });
  budget.request('cam', 16, progress, 0);
  budget.stored('cam', 16, 0);
  t.match(budget.ask('cam', progress, 0), { admitted: true, left: 1 });
  t.ok(budget.isIdle(100_000));
  t.end();
});
