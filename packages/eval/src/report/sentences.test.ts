import { test } from 'tap';
import { madeUpRun } from '../demo/made-up-run.test-support.js';
import { summarise } from '../demo/summary.js';
import { outcomeSentences, title } from './sentences.js';

const same = { adapted: 0.9, unadapted: 0.9 };

test('a run in which adaptation helped says by how much', async (t) => {
  const summary = summarise(madeUpRun(same, { adapted: 0.8, unadapted: 0.4 }));
  t.match(
    outcomeSentences(summary)[0],
    /won accuracy back.*80\.0% right with adaptation, 40\.0% without \(\+40\.0 points/,
  );
  t.equal(title(summary), 'Accuracy lost and won back');
});

test('a run in which adaptation hurt says so', async (t) => {
  const summary = summarise(madeUpRun({ adapted: 0.8, unadapted: 0.96 }, { adapted: 0.4, unadapted: 0.8 }));
  t.match(outcomeSentences(summary)[0], /did not help.*it cost accuracy.*−40\.0 points/);
  t.match(outcomeSentences(summary)[1], /On clean images it cost accuracy/);
  t.equal(title(summary), 'Accuracy lost and not won back');
});

test('a run without a clear difference says so', async (t) => {
  t.match(outcomeSentences(summarise(madeUpRun(same, same)))[0], /no clear difference/);
});
