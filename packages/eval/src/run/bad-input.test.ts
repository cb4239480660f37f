import sharp from 'sharp';
import { test } from 'tap';
import { runEval } from './run-eval.js';
import { plan } from './small-plan.test-support.js';
import { summariseEval } from './summary.js';

test('a broken image is counted and left out, and many are an error', async (t) => {
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
