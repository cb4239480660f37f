import { test } from 'tap';
import { SHARES, shareOf, shareOut } from './share-out.js';

/** Lets trainers decide in turn until nobody moves any more. @returns how many shares each has */
function settle(alive: readonly string[], owners: Map<number, string>): number[] {
  for (let moved = true; moved; ) {
    moved = false;
    for (const me of alive) {
      const { take, give } = shareOut({ me, alive: new Set(alive), owners });
      for (const share of take) owners.set(share, me);
      for (const share of give) owners.set(share, '');
      moved ||= take.length + give.length > 0;
    }
  }
  return alive.map((me) => [...owners.values()].filter((owner) => owner === me).length);
}

test('shares are even, whoever comes and goes, and none is left over', async (t) => {
  const owners = new Map<number, string>();
  t.same(settle(['a'], owners), [SHARES]);
  t.same(settle(['a', 'b'], owners), [32, 32]);
  const three = settle(['a', 'b', 'c'], owners);
  t.same([three.reduce((sum, count) => sum + count), Math.max(...three)], [SHARES, 22]);
  t.same(settle(['c'], owners), [SHARES], 'those of the dead are taken');
});

test('who has a fair share and is alive keeps what it has', async (t) => {
  const owners = new Map(Array.from({ length: SHARES }, (_, share) => [share, share < 32 ? 'a' : 'b']));
  for (const me of ['a', 'b']) t.same(shareOut({ me, alive: new Set(['a', 'b']), owners }), { take: [], give: [] });
});

test('cohorts are spread over the shares, the same way for ever', async (t) => {
  const used = new Set(Array.from({ length: 1_000 }, (_, i) => shareOf(`cohort-${i}`)));
  t.equal(used.size, SHARES);
  t.same([shareOf('lobby'), shareOf('cellar')], [19, 10]);
});
