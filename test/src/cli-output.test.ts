import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { repositoryPath, startCloudProcess } from './support/cloud-process.js';
import { imageFolder } from './support/image-folder.js';
import { renorm, start } from './support/processes.js';

const command = 'packages/cli/bin/renorm.js';
const edgeModel = repositoryPath('models/fashion-edge.onnx');
const foundationModel = repositoryPath('models/fashion-foundation.onnx');
const COUNT = 8;

const linesOf = (stdout: string): Record<string, unknown>[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

async function folderOf(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'renorm-output-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('edge says in JSON what it predicted, and by its exit code that no cloud ever answered', async (t) => {
  const images = await imageFolder(t, COUNT);
  const config = join(await folderOf(t), 'edge.json');
  await writeFile(config, JSON.stringify({ model: edgeModel, images, cloud: '127.0.0.1:9', json: true }));
  const { code, stdout, stderr } = await renorm('edge', '--config', config, '--cohort', 'folder');
  t.equal(code, 4, stderr);
  const lines = linesOf(stdout);
  t.equal(lines.filter(({ kind }) => kind === 'prediction').length, COUNT);
  t.match(lines[0], { kind: 'prediction', file: '000.png', label: Number, probability: Number, version: 0 });
  t.match(lines.at(-1), { kind: 'summary', predictions: COUNT, connected: false });
});

test('edge says by its exit code that samples are lost', async (t) => {
  const images = await imageFolder(t, COUNT);
  const cloud = await startCloudProcess(join(await folderOf(t), 'state'));
  t.teardown(() => cloud.kill());
  const common = ['edge', '--model', edgeModel, '--cloud', cloud.address, '--images', images, '--json'];
  const well = await renorm(...common, '--select', 'everything');
  t.equal(well.code, 0, well.stderr);
  t.match(linesOf(well.stdout).at(-1), { uploaded: COUNT, dropped: 0, pending: 0 });
  const lost = await renorm(...common, '--select', 'everything', '--queue', '{"maxPending": 1, "lingerMs": 60000}');
  t.equal(lost.code, 3, lost.stderr);
});

test('the cloud says in JSON what happens', async (t) => {
  const data = await folderOf(t);
  const cloud = start(command, ['cloud', '--data', data, '--port', '0', '--json'], {
    RENORM_EDGE_MODEL: edgeModel,
    RENORM_FOUNDATION_MODEL: foundationModel,
    RENORM_THREADS: '1',
  });
  await cloud.printed(/"started"/);
  cloud.child.kill('SIGTERM');
  const { code, stdout } = await cloud.outcome;
  t.equal(code, 0);
  t.same(
    linesOf(stdout).map(({ kind }) => kind),
    ['started', 'closing', 'closed'],
  );
});

test('nothing is coloured where NO_COLOR is set', async (t) => {
  const coloured = (env: Record<string, string>): Promise<string> =>
    start(command, ['rollback', '--edge-model', edgeModel, '--data', '/nowhere', '--cohort', 'x'], env).outcome.then(
      ({ stderr }) => stderr,
    );
  t.notMatch(await coloured({ NO_COLOR: '1', FORCE_COLOR: '1' }), '\u001b[');
  const inspect = (env: Record<string, string>) => start(command, ['inspect', edgeModel], env).outcome;
  t.match((await inspect({ NO_COLOR: '', FORCE_COLOR: '1' })).stdout, '\u001b[', 'the test would see colours');
  t.notMatch((await inspect({ NO_COLOR: '1', FORCE_COLOR: '1' })).stdout, '\u001b[');
});

test('a command whose reader goes away ends without a word', async (t) => {
  const images = await imageFolder(t, COUNT);
  const args = ['edge', '--model', edgeModel, '--cloud', '127.0.0.1:9', '--images', images, '--repeat', '1000000'];
  const child = spawn(process.execPath, [repositoryPath(command), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const [code] = await once(child, 'exit');
  t.equal(code, 141);
  t.notMatch(stderr, /EPIPE|\n\s+at /);
});
