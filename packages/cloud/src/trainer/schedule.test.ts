import { seededRandom } from '@renorm/protocol';
import { test } from 'tap';
import type { Work } from '../strategy/strategy.js';
import { Schedule } from './schedule.js';

/** Takes turns, each of which leaves the cohort with what `workOf` says. */
function turns(schedule: Schedule, count: number, workOf: (cohort: string) => Work): string[] {
  return Array.from({ length: count }, () => {
    const turn = schedule.next(0);
    if (turn.kind === 'sleep') return '-';
    schedule.offer(turn.cohort, workOf(turn.cohort));
    return turn.cohort;
  });
}

test('two busy cohorts among fifty get the same number of turns', async (t) => {
  const schedule = new Schedule();
  for (let i = 0; i < 50; i++) schedule.offer(`cohort-${i}`, i === 20 || i === 21 ? 'fresh' : 'idle');
  const had = turns(schedule, 1_000, (cohort) => (/-2[01]$/.test(cohort) ? 'fresh' : 'idle'));
  t.same(
    [20, 21].map((i) => had.filter((cohort) => cohort === `cohort-${i}`).length),
    [500, 500],
  );
});

test('beside a busy cohort nobody waits longer than two turns for the first step', async (t) => {
  const random = seededRandom(7);
  const schedule = new Schedule();
  schedule.offer('busy', 'fresh');
  const since = new Map<string, number>();
  for (let turn = 0; turn < 5_000; turn++) {
    // One of the 99 becomes ready in every third turn or so.
    if (random() < 0.3 && since.size === 0) {
      const cohort = `quiet-${Math.floor(random() * 99)}`;
      schedule.offer(cohort, 'fresh');
      since.set(cohort, turn);
    }
    const next = schedule.next(0);
    if (next.kind === 'sleep') t.fail('the busy cohort always has work');
    else if (next.cohort === 'busy') schedule.offer('busy', 'fresh');
    else {
      const waited = turn - (since.get(next.cohort) as number);
      if (waited > 2) t.fail(`${next.cohort} waited for ${waited} turns`);
      since.delete(next.cohort);
    }
  }
  t.ok(since.size <= 1);
});

test('whatever is offered, nobody waits while another has two turns, and new samples go first', async (t) => {
  const random = seededRandom(11);
  for (let round = 0; round < 200; round++) {
    const schedule = new Schedule();
    const work = new Map<string, Work>();
    const hadSince = new Map<string, Set<string>>();
    for (let i = 0; i < 60; i++) {
      const cohort = `c${Math.floor(random() * 8)}`;
      const kind = (['fresh', 'idle', 'none'] as const)[Math.floor(random() * 3)] as Work;
      if (work.get(cohort) !== kind) hadSince.set(cohort, new Set());
      work.set(cohort, kind);
      schedule.offer(cohort, kind);
      const turn = schedule.next(0);
      const ready = (wanted: Work) => [...work].filter(([, is]) => is === wanted).map(([name]) => name);
      if (turn.kind === 'sleep') {
        t.same([...ready('fresh'), ...ready('idle')], [], 'it sleeps only where nobody has work');
        continue;
      }
      const took = work.get(turn.cohort);
      if (took === 'idle') t.same(ready('fresh'), [], 'old samples wait for new ones');
      for (const other of ready(took as Work)) {
        if (other === turn.cohort) continue;
        if (hadSince.get(other)?.has(turn.cohort)) t.fail(`${other} waited while ${turn.cohort} had two turns`);
        hadSince.get(other)?.add(turn.cohort);
      }
      hadSince.set(turn.cohort, new Set());
      schedule.offer(turn.cohort, took as Work);
    }
  }
  t.pass('checked');
});

test('a cohort that sleeps is woken at its time, or by new samples', async (t) => {
  const schedule = new Schedule();
  schedule.sleep('a', 100);
  schedule.sleep('b', 50);
  t.same(schedule.next(10), { kind: 'sleep', until: 50 });
  t.same(schedule.next(60), { kind: 'step', cohort: 'b' });
  t.same(schedule.next(60), { kind: 'sleep', until: 100 });
  schedule.offer('a', 'fresh');
  t.same(schedule.next(61), { kind: 'step', cohort: 'a' });
  t.same(schedule.next(200), { kind: 'sleep', until: undefined });
});
