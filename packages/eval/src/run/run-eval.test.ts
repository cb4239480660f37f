import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { PERFECT_LINK } from '../methods/link.js';
import type { CellResult } from './cell.js';
import type { EvalPlan } from './plan.js';
import { ResultsFile } from './results-file.js';
import { type EvalProgress, runEval } from './run-eval.js';
import { summariseEval } from './summary.js';

const models = fileURLToPath(new URL('../../../../models/', import.meta.url));
const plan: EvalPlan = {
  edgeModel: join(models, 'fashion-edge.onnx'),
  data: join(models, 'fashion-mnist'),
  preprocessing: { fit: 'stretch' },
  corrupt: ['gaussian_noise'],
  severities: [5],
  images: 32,
  methods: ['source', 'batch-statistics', 'statistics/everything'],
  streams: ['reset'],
  batch: 16,
  link: PERFECT_LINK,
  seed: 1,
};
/** What a cell is, the time that it took apart. */
const numbers = (cells: readonly CellResult[]): object[] => cells.map(({ seconds, ...cell }) => cell);

test('an evaluation compares methods on the same images, and the number of workers changes nothing', async (t) => {
  const [two, one] = [await runEval(plan, { workers: 2 }), await runEval(plan, { workers: 1 })];
  t.same(numbers(one.cells), numbers(two.cells));
  const summary = summariseEval(two);
  const [stream] = summary.streams;
  t.same(stream?.environments, ['clean', 'gaussian_noise-5']);
  const [source, batches, statistics] = stream?.methods ?? [];
  t.ok((batches?.changed.accuracy ?? 0) > (source?.changed.accuracy ?? 1), 'noise is in the statistics');
  t.match(statistics, { changed: { images: 32, uploaded: 1 }, needs: { cloud: true, batches: false } });
  t.ok((statistics?.changed.bytesUpPerThousand ?? 0) > 50_000 && (statistics?.changed.bytesDownPerThousand ?? 0) > 100);
  t.equal(summary.verdict.method, 'statistics/everything');
  t.equal(summary.verdict.sentences.length, 2);
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

test('a broken image is counted and left out, and many are an error', async (t) => {
  const { default: sharp } = await import('sharp');
  const good = await sharp(new Uint8Array(784).fill(90), { raw: { width: 28, height: 28, channels: 1 } })
    .png()
    .toBuffer();
  const folder = (broken: number): string =>
    t.testdir(Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`${i}.png`, i < broken ? 'broken' : good])));
  const unlabelled = { ...plan, corrupt: [], methods: ['source'] };
  const record = await runEval({ ...unlabelled, data: folder(1) });
  t.equal(record.isLabelled, false);
  const summary = summariseEval(record);
  t.match(summary, { measuredAgainst: 'the exported model', unreadable: [/0\.png/] });
  t.match(
    summary.streams[0]?.methods[0]?.changed,
    { images: 11, accuracy: 1 },
    'the exported model agrees with itself',
  );
  await t.rejects(runEval({ ...unlabelled, data: folder(5) }), {
    code: 'IMAGE_UNREADABLE',
    message: /more than a tenth/,
  });
});

test('what cannot be run is refused before it is begun', async (t) => {
  await t.rejects(runEval({ ...plan, methods: ['source', 'cema'] }), {
    code: 'REQUEST_INVALID',
    message: /needs a foundation model/,
  });
  await t.rejects(runEval({ ...plan, methods: ['sorce'] }), { message: /did you mean source/ });
  await t.rejects(runEval({ ...plan, methods: ['statistics/random:2'] }), { message: /share from 0 to 1/ });
  await t.rejects(runEval({ ...plan, corrupt: ['fogg'] }), { message: /--corrupt fogg/ });
});
