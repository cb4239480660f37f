import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { repositoryPath } from './support/cloud-process.js';
import { type Outcome, renorm } from './support/processes.js';

const edgeModel = repositoryPath('models/fashion-edge.onnx');
const foundationModel = repositoryPath('models/fashion-foundation.onnx');

async function temporaryFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'renorm-cli-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** An error for a user: exit code 1, the coded message alone, no stack. */
function isError(t: Test, { code, stdout, stderr }: Outcome, message: RegExp): void {
  t.equal(code, 1, 'exit code');
  t.match(stderr, message);
  t.notMatch(stderr, /\n\s+at /, 'no stack');
  t.equal(stdout, '', 'nothing on stdout');
}

test('inspect lists what would be trained of our edge model', async (t) => {
  const { code, stdout, stderr } = await renorm('inspect', edgeModel);
  t.equal(code, 0, stderr);
  t.match(stdout, 'fashion-edge.onnx');
  t.match(stdout, /input +images +float32 \[.*1, 28, 28\]/);
  t.match(stdout, /output +logits +10 classes/);
  t.match(stdout, 'would be trained: 1,568 parameters (scale and shift of 21 of 21 layers)');
  t.match(stdout, /ready as edge model, for the strategies .*cema.*statistics/);
  t.match(stdout, /ready as foundation model, for the strategy cema/);
  t.equal(stdout.match(/BatchNormalization {2,}\d+/g)?.length, 21, 'a row for each layer');
});

test('inspect --json is one object', async (t) => {
  const { code, stdout } = await renorm('inspect', foundationModel, '--json');
  t.equal(code, 0);
  const description = JSON.parse(stdout) as {
    classes: number;
    layers: unknown[];
    operators: Record<string, number>;
    obstacles: unknown[];
    edge: { ready: boolean };
    foundation: { ready: boolean };
  };
  t.equal(description.classes, 10);
  t.equal(description.layers.length, 11);
  t.equal(description.operators.BatchNormalization, 11);
  t.same(description.obstacles, []);
  t.match(description, { edge: { ready: true }, foundation: { ready: true } });
});

test('inspect of a file that is no ONNX model, and of none', async (t) => {
  isError(t, await renorm('inspect', repositoryPath('package.json')), /^ONNX_NOT_A_MODEL: .*package\.json/);
  isError(t, await renorm('inspect', join(tmpdir(), 'no-such.onnx')), /^MODEL_UNREADABLE: .*no-such\.onnx/);
});

test('cloud says what is wrong with its arguments', async (t) => {
  const folder = await temporaryFolder(t);
  const file = join(folder, 'file');
  await writeFile(file, '');
  const models = ['--edge-model', edgeModel, '--foundation-model', foundationModel];
  isError(t, await renorm('cloud', ...models, '--data', join(file, 'state'), '--port', '0'), /^DATA_NOT_WRITABLE: /);
  isError(
    t,
    await renorm('cloud', '--edge-model', edgeModel, '--foundation-model', file, '--data', folder, '--port', '0'),
    /^ONNX_NOT_A_MODEL: /,
  );
  isError(t, await renorm('cloud', ...models), /^REQUEST_INVALID: .*--data.* --store/);
  isError(t, await renorm('cloud', ...models, '--data', folder, '--port', '70000'), /whole number from 0 to 65535/);
});

test('edge says what is wrong with its folder of images', async (t) => {
  const folder = await temporaryFolder(t);
  const edge = (images: string): Promise<Outcome> =>
    renorm('edge', '--model', edgeModel, '--cloud', '127.0.0.1:9', '--images', images);
  isError(t, await edge(folder), /^REQUEST_INVALID: --images .* no PNG, JPEG or WebP image/);
  isError(t, await edge(join(folder, 'none')), /^REQUEST_INVALID: --images .* cannot be read/);
});

test('demo refuses a report that it could not write before it starts', async (t) => {
  isError(
    t,
    await renorm('demo', '--report', join(await temporaryFolder(t), 'no-folder', 'report.html')),
    /^REQUEST_INVALID: --report /,
  );
});

test('help lists every command, and a wrong one points there', async (t) => {
  const { code, stdout } = await renorm('--help');
  t.equal(code, 0);
  for (const command of ['demo', 'inspect', 'cloud', 'edge']) t.match(stdout, new RegExp(`^ {2}${command}\\b`, 'm'));
  isError(t, await renorm('frobnicate'), /unknown command 'frobnicate'/);
});
