import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { openDevice } from './index.js';
import {
  MODEL_WITH_STRANGE_OPERATOR,
  MODEL_WITHOUT_NORMALIZATION,
  TINY_MODEL,
  ZEROS,
} from './tiny-model.test-support.js';

const somewhere = { cloud: '127.0.0.1:1', cohort: 'lobby' };
const EDGE_MODEL = fileURLToPath(new URL('../../../../models/fashion-edge.onnx', import.meta.url));

test('a model is opened from a path or from bytes', async (t) => {
  const path = join(await mkdtemp(join(tmpdir(), 'renorm-')), 'tiny.onnx');
  await writeFile(path, TINY_MODEL);
  for (const model of [path, TINY_MODEL]) {
    const device = await openDevice({ ...somewhere, model });
    t.equal((await device.infer(ZEROS)).version, 0);
    await device.close();
  }
});

test('a file that is not there or no ONNX model, and a model without normalization, are errors by name', async (t) => {
  await t.rejects(openDevice({ ...somewhere, model: '/nowhere/edge.onnx' }), {
    code: 'MODEL_UNREADABLE',
    message: /^MODEL_UNREADABLE: the model \/nowhere\/edge\.onnx cannot be read \(ENOENT/,
  });
  const path = join(await mkdtemp(join(tmpdir(), 'renorm-')), 'notes.txt');
  await writeFile(path, 'Dear diary, today I exported a model.');
  await t.rejects(openDevice({ ...somewhere, model: path }), { code: 'ONNX_NOT_A_MODEL', message: /notes\.txt/ });
  await t.rejects(openDevice({ ...somewhere, model: new Uint8Array(0) }), { code: 'ONNX_NOT_A_MODEL' });
  await t.rejects(openDevice({ ...somewhere, model: MODEL_WITHOUT_NORMALIZATION }), {
    code: 'ONNX_NO_NORMALIZATION',
    message: /nothing to adapt: no BatchNormalization/,
  });
  await t.rejects(openDevice({ ...somewhere, model: MODEL_WITH_STRANGE_OPERATOR }), {
    code: 'MODEL_UNREADABLE',
    message: /NoSuchOperator/,
  });
});

test('options that mean nothing are refused before anything is started', async (t) => {
  const invalid = (options: object, message: RegExp) =>
    t.rejects(openDevice({ ...somewhere, model: TINY_MODEL, ...options }), {
      code: 'REQUEST_INVALID',
      message,
    });
  await invalid({ cohort: 'the lobby' }, /the cohort is "the lobby"/);
  await invalid({ id: '' }, /the device id is ""/);
  await invalid({ cloud: 'localhost' }, /has to be host:port/);
  await invalid({ threads: 0 }, /threads is 0/);
  await invalid({ selection: { policy: 'cema', warmupSamples: -1 } }, /warmupSamples/);
  await invalid({ selection: { share: 0 } }, /share is 0/);
  await invalid({ shape: [3, 4, 4] }, /shape is \[3,4,4\], the input of the model is \[3,2,2\]/);
});

/** Runs a program and waits until it ends by itself. */
async function run(program: string): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
  const [code] = (await once(child, 'exit')) as [number];
  clearTimeout(timer);
  return { code, output };
}

test('a device program of ten lines runs without a cloud and ends by itself', async (t) => {
  const { code, output } = await run(`
    import { openDevice } from '@renorm/edge/node';

    const device = await openDevice({ model: ${JSON.stringify(EDGE_MODEL)}, cloud: 'localhost:1', cohort: 'lobby' });
    for (let i = 0; i < 100; i++) {
      const { label, probabilities, version } = await device.infer(new Float32Array(784).fill(i / 100));
      if (i === 99) console.log(label < 10, probabilities.length, version);
    }
    await device.close();
  `);
  t.same({ code, output: output.trim() }, { code: 0, output: 'true 10 0' });
});

test('a program that cannot open its device ends by itself, with the error', async (t) => {
  const { code, output } = await run(`
    import { openDevice } from '@renorm/edge/node';
    await openDevice({ model: ${JSON.stringify(EDGE_MODEL)}, cloud: 'localhost:1', cohort: 'lobby', shape: [3, 1, 1] });
  `);
  t.equal(code, 1);
  t.match(output, /REQUEST_INVALID: the option shape/);
});

test('a program that ends by process.exit in the middle of predictions ends in good order', async (t) => {
  for (let i = 0; i < 5; i++) {
    const { code, output } = await run(`
      import { openDevice } from '@renorm/edge/node';
      const device = await openDevice({ model: ${JSON.stringify(EDGE_MODEL)}, cloud: 'localhost:1', cohort: 'lobby' });
      setTimeout(() => process.exit(7), 20 + ${i});
      for (;;) await device.infer(new Float32Array(784));
    `);
    t.same({ code, output }, { code: 7, output: '' });
  }
});
