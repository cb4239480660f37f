import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { repositoryPath } from './support/cloud-process.js';
import { renorm } from './support/processes.js';

const model = ['--edge-model', repositoryPath('models/fashion-edge.onnx')];
const data = ['--data', repositoryPath('models/fashion-mnist')];

test('eval ends with a verdict, as JSON too, and keeps what it has found', async (t) => {
  const out = t.testdir();
  const few = ['--images', '20', '--corrupt', 'contrast', '--methods', 'batch-statistics', '--out', out];
  const { code, stdout, stderr } = await renorm('eval', ...model, ...data, ...few, '--json');
  t.equal(code, 0, stderr);
  const summary = JSON.parse(stdout) as Record<string, unknown>;
  t.match(summary, { layout: 'idx', measuredAgainst: 'labels', verdict: { decision: 'unclear' } });
  t.match(stderr, /method +clean +accuracy.*\nsource .*\nbatch-statistics .*batches\n/);
  t.match(readFileSync(join(out, 'report.html'), 'utf8'), '<h1>No clear difference</h1>');
  t.equal(readFileSync(join(out, 'results.jsonl'), 'utf8').trimEnd().split('\n').length, 4);
});

test('eval says what is wrong with what it was given, and what to do', async (t) => {
  const fails = async (args: string[], message: RegExp): Promise<void> => {
    const { code, stderr } = await renorm('eval', ...args, '--out', join(t.testdirName, 'out'));
    t.equal(code, 1);
    t.match(stderr, message);
  };
  t.testdir({ empty: {} });
  await fails(
    [...model, '--data', join(t.testdirName, 'empty')],
    /REQUEST_INVALID: --data .*no PNG, JPEG or WebP image/,
  );
  await fails(
    [...model, ...data, '--corrupt', 'fogg'],
    /REQUEST_INVALID: --corrupt fogg: there is all, extra, gaussian_noise/,
  );
  await fails([...model, ...data, '--methods', 'cema'], /needs a foundation model/);
});
