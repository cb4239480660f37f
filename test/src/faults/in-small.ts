import { test } from 'tap';
import { KINDS } from './kinds.js';
import { seedOfRun } from './random.js';
import { isClean, lineOf } from './tally.js';

/** Tries a kind of fault as often as every CI can. RENORM_SEED tries the moments of an earlier run again. */
export function tryInSmall(title: string, name: string, runs: number): void {
  const kind = KINDS[name];
  if (kind === undefined) throw new Error(`there is no kind ${name}`);
  test(title, { skip: kind.whyNot() ?? false }, async (t) => {
    const tally = await kind.try({ runs, seed: seedOfRun() });
    t.comment(lineOf(tally));
    t.ok(isClean(tally), lineOf(tally));
    t.equal(tally.tried, runs);
  });
}
