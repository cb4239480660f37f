import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import type { CellResult } from './cell.js';
import { ResultsFile } from './results-file.js';
import { type EvalProgress, runEval } from './run-eval.js';
import { plan } from './small-plan.test-support.js';
import { summariseEval } from './summary.js';

/** What a cell is, the time that it took apart. */
const numbers = (cells: readonly CellResult[]): object[] => cells.map(({ seconds, ...cell }) => cell);

test('an evaluation compares methods on the same images', async (t) => {
  const summary = summariseEval(await runEval(plan));
  const [stream] = summary.streams;
  t.same(stream?.environments, ['clean', 'gaussian_noise-5']);
  const [source, batches, statistics] = stream?.methods ?? [];
  t.ok((batches?.changed.accuracy ?? 0) > (source?.changed.accuracy ?? 1), 'noise is in the statistics');
  t.match(statistics, { changed: { images: 24, uploaded: 1 }, needs: { cloud: true, batches: false } });
  t.ok((statistics?.changed.bytesUpPerThousand ?? 0) > 50_000 && (statistics?.changed.bytesDownPerThousand ?? 0) > 100);
  t.equal(summary.verdict.method, 'statistics/everything');
  t.equal(summary.verdict.sentences.length, 2);
});

test('the number of workers changes nothing', async (t) => {
  const short = { ...plan, streams: ['mixed'], images: 10, methods: ['source', 'statistics/everything'] };
  const [two, one] = [await runEval(short, { workers: 2 }), await runEval(short, { workers: 1 })];
  t.equal(one.cells.length, 2);
  t.same(numbers(one.cells), numbers(two.cells));
});

test('what is finished is not run again; a cut line is', async (t) => {
  const folder = t.testdir();
  const short = { ...plan, images: 8, corrupt: [], methods: ['source'] };
  await runEval(short, { results: await ResultsFile.open(folder) });
  const path = join(folder, 'results.jsonl');
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  t.equal(lines.length, 1);
  appendFileSync(path, '{"key":"cut');
  let last: EvalProgress | undefined;
  const again = await runEval(
    { ...short, methods: [...short.methods, 'batch-statistics'] },
    {
      results: await ResultsFile.open(folder),
      onProgress: (progress) => {
        last = progress;
      },
    },
  );
  t.match(last, { cells: 2, finished: 2, kept: 1 });
  t.equal(again.cells.length, 2);
  await runEval(
    { ...short, seed: 2 },
    {
      results: await ResultsFile.open(folder),
      onProgress: (progress) => {
        last = progress;
      },
    },
  );
  t.match(last, { kept: 0 }, 'another seed is another evaluation');
});
