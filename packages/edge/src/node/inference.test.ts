import { readFile } from 'node:fs/promises';
import { parseModel, readParameters, serializeModel, withParameters } from '@renorm/onnx';
import { encodeSample, exportedVersion, type ParameterSet, type VersionState } from '@renorm/protocol';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { test } from 'tap';
import type { Inference } from '../core/platform.js';
import { openInference } from './inference.js';
import { sessionOptions } from './session-options.js';
import { SessionWorker } from './session-worker.js';
import {
  DEADLY,
  MODEL_WITH_STRANGE_OPERATOR,
  marked,
  TINY_MODEL,
  tinyParameters,
  ZEROS,
} from './tiny-model.test-support.js';

const tiny = { model: TINY_MODEL, name: 'tiny', threads: 1, inputName: 'x', outputName: 'logits', classes: 3 };
const openTiny = (): Promise<Inference> => openInference({ ...tiny, inputShape: [1, 3, 2, 2], elements: 12 });
const version = (number: number, parameters: ParameterSet): VersionState => ({
  ...exportedVersion(parameters),
  number,
});

test('1,000 swaps under load: no prediction is missed, none waits for a session, none is mixed', async (t) => {
  const inference = await openTiny();
  t.teardown(() => inference.close());
  let loading = true;
  let predictions = 0;
  let mixed = 0;
  const seen = new Set<number>();
  const load = async (): Promise<void> => {
    let newest = 0;
    while (loading) {
      const { logits, version } = await inference.run(ZEROS);
      predictions++;
      seen.add(version);
      // The marked input shows which parameters computed it; a later call is never made by an older version.
      if (Math.abs((logits[0] as number) - version) > 1e-3 || Math.abs((logits[1] as number) + version) > 1e-3) mixed++;
      if (version < newest) mixed++;
      newest = version;
    }
  };
  const callers = [load(), load(), load()];
  for (let n = 1; n <= 1000; n++) await inference.load(version(n, marked(n)));
  loading = false;
  await Promise.all(callers);
  t.equal(mixed, 0, `of ${predictions} predictions`);
  t.ok(seen.size > 300, `${seen.size} versions made predictions`);
});

test('swaps of the real model: every prediction is to the bit that of the version it names', async (t) => {
  const bytes = new Uint8Array(await readFile(new URL('../../../../models/fashion-edge.onnx', import.meta.url)));
  const model = parseModel(bytes, 'edge');
  const exported = readParameters(model);
  const scaled = (n: number): ParameterSet =>
    new Map(
      [...exported].map(([name, values]) => [
        name,
        name.endsWith('/gamma') ? values.map((v) => v * (1 + n / 50)) : values,
      ]),
    );
  const input = Float32Array.from({ length: 784 }, (_, i) => ((i * 37) % 256) / 255);
  const expected: Float32Array[] = [];
  for (let n = 0; n < 5; n++) {
    const session = await InferenceSession.create(
      n === 0 ? bytes : serializeModel(withParameters(model, scaled(n))),
      sessionOptions(1),
    );
    const { logits } = await session.run({ images: new Tensor('float32', input, [1, 1, 28, 28]) });
    if (logits?.data instanceof Float32Array) expected.push(logits.data.slice());
    await session.release();
  }
  const inference = await openInference({
    ...{ model: bytes, name: 'edge', threads: 1, inputName: 'images', outputName: 'logits', classes: 10 },
    ...{ inputShape: [1, 1, 28, 28], elements: 784 },
  });
  t.teardown(() => inference.close());
  let loading = true;
  let wrong = 0;
  let predictions = 0;
  const load = async (): Promise<void> => {
    while (loading) {
      const { logits, version } = await inference.run(input);
      predictions++;
      const of = expected[version % 5] as Float32Array;
      if (logits.some((value, i) => value !== of[i])) wrong++;
    }
  };
  const callers = [load(), load()];
  for (let n = 1; n <= 60; n++) await inference.load(version(n, n % 5 === 0 ? exported : scaled(n % 5)));
  loading = false;
  await Promise.all(callers);
  t.equal(wrong, 0, `of ${predictions} predictions`);
});

test('more predictions than the worker takes at a time wait their turn, in order', async (t) => {
  const inference = await openTiny();
  t.teardown(() => inference.close());
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      const { logits } = await inference.run(new Float32Array(12).fill(i));
      t.ok(Math.abs((logits[0] as number) - i) < 1e-3, `prediction ${i} is of its own input`);
      order.push(i);
    }),
  );
  t.same(
    order,
    [...order].sort((a, b) => a - b),
  );
});

test('a version that cannot be baked or computes nothing is refused; the version before goes on', async (t) => {
  const inference = await openTiny();
  t.teardown(() => inference.close());
  await inference.load(version(1, marked(1)));
  const foreign = new Map([['other/gamma', new Float32Array(3)]]);
  await t.rejects(inference.load(version(2, foreign)), {
    code: 'VERSION_REFUSED',
    message: /version 2 cannot be loaded/,
  });
  const huge = new Map(
    [...tinyParameters()].map(([name, values]) => [name, name.endsWith('/variance') ? values.map(() => -1) : values]),
  );
  await t.rejects(inference.load(version(3, huge)), { code: 'VERSION_REFUSED', message: /version 3 cannot be loaded/ });
  const { logits, version: by } = await inference.run(ZEROS);
  t.same([by, Math.round(logits[0] as number)], [1, 1]);
  await inference.load(version(4, marked(4)));
  t.equal((await inference.run(ZEROS)).version, 4, 'the next good version is taken');
});

test('a model that the runtime refuses is an error of opening', async (t) => {
  const opening = openInference({
    ...tiny,
    model: MODEL_WITH_STRANGE_OPERATOR,
    name: 'strange.onnx',
    inputShape: [1, 3, 2, 2],
    elements: 12,
  });
  await t.rejects(opening, {
    code: 'MODEL_UNREADABLE',
    message: /^MODEL_UNREADABLE: strange\.onnx cannot be run \(.*NoSuchOperator/,
  });
});

test('a model whose output is not what it declares is an error of opening', async (t) => {
  const opening = openInference({ ...tiny, classes: 4, inputShape: [1, 3, 2, 2], elements: 12 });
  await t.rejects(opening, { code: 'MODEL_UNREADABLE', message: /logits is not 4 float32 values/ });
});

test('a prediction that fails rejects with the reason, and the next succeeds', async (t) => {
  const ignore = (): void => undefined;
  const worker = new SessionWorker({ ...tiny, inputShape: [1, 3, 2, 2], elements: 12 }, ignore, ignore);
  t.teardown(() => worker.end());
  const failing = [worker.run(ZEROS), worker.run(ZEROS)];
  for (const one of failing) await t.rejects(one, { code: 'INFERENCE_FAILED', message: /no session is loaded/ });
  await worker.load(7, marked(7));
  t.equal((await worker.run(ZEROS)).version, 7);
});

test('a thread that dies takes its predictions with it and is replaced, with the version that served', async (t) => {
  const entry = new URL('./dying-worker.test-support.js', import.meta.url);
  const inference = await openInference({ ...tiny, entry, inputShape: [1, 3, 2, 2], elements: 12 });
  t.teardown(() => inference.close());
  await inference.load(version(5, marked(5)));
  const deadly = inference.run(new Float32Array(12).fill(DEADLY));
  await t.rejects(deadly, { code: 'INFERENCE_FAILED', message: /thread that predicts has ended/ });
  const { logits, version: by } = await inference.run(ZEROS);
  t.same([by, Math.round(logits[0] as number)], [5, 5]);
  await inference.load(version(6, marked(6)));
  t.equal((await inference.run(ZEROS)).version, 6, 'and swaps go on');
});

test('closed, it refuses; what waits is told', async (t) => {
  const inference = await openTiny();
  const flood = Array.from({ length: 50 }, () => inference.run(ZEROS).catch((error) => error.code));
  await inference.close();
  const outcomes = await Promise.all(flood);
  t.ok(
    outcomes.every((outcome) => outcome === 'CLOSED' || typeof outcome === 'object'),
    'each settles',
  );
  await t.rejects(inference.run(ZEROS), { code: 'CLOSED' });
});

test('small samples and large ones are encoded alike', async (t) => {
  const inference = await openTiny();
  t.teardown(() => inference.close());
  for (const length of [12, 5000]) {
    const data = Float32Array.from({ length }, (_, i) => (i % 256) / 255);
    const expected = encodeSample({ data, shape: [length] });
    t.same(await inference.encode({ data: data.slice(), shape: [length] }), expected, `${length} values`);
  }
  await t.rejects(inference.encode({ data: new Float32Array(5000).fill(NaN), shape: [5000] }), {
    message: /NaN at index 0/,
  });
});
