import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { repositoryPath } from './support/cloud-process.js';
import { imageFolder } from './support/image-folder.js';
import { renorm, start } from './support/processes.js';

const edgeModel = repositoryPath('models/fashion-edge.onnx');
const COUNT = 6;

interface Line {
  readonly time: string;
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Every line, each held against what all of them have. */
function linesOf(t: Test, text: string): Line[] {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  for (const { time, level, event } of lines) {
    t.equal(new Date(time).toISOString(), time);
    t.match(level, /^(debug|info|warn|error|fatal)$/);
    t.type(event, 'string');
  }
  return lines;
}

const eventsOf = (lines: readonly Line[]): string[] => lines.map(({ event }) => event);

async function startCloud(t: Test, ...more: string[]): Promise<{ address: string; stop(): Promise<string> }> {
  const data = await mkdtemp(join(tmpdir(), 'renorm-logs-'));
  t.teardown(() => rm(data, { recursive: true, force: true }));
  const cloud = start('packages/cli/dist/main.js', [
    ...['cloud', '--edge-model', edgeModel, '--data', data, '--port', '0', '--threads', '1'],
    ...['--strategy', 'statistics', '--roles', 'gateway', '--log', 'json', ...more],
  ]);
  t.teardown(() => cloud.child.kill('SIGKILL'));
  let printed = '';
  cloud.child.stdout?.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  await cloud.printed(/"address":"[^"]+"/);
  return {
    address: /"address":"([^"]+)"/.exec(printed)?.[1] ?? '',
    async stop() {
      cloud.child.kill('SIGTERM');
      const { code, stdout, stderr } = await cloud.outcome;
      t.equal(code, 0, stderr);
      t.equal(stderr, '', 'there is nothing beside the log');
      return stdout;
    },
  };
}

test('cloud and device log what happens as lines of JSON', async (t) => {
  const images = await imageFolder(t, COUNT);
  await writeFile(join(images, 'damaged.png'), 'not a picture');
  const cloud = await startCloud(t);
  const edge = ['edge', '--model', edgeModel, '--cloud', cloud.address, '--images', images, '--id', 'camera'];
  const { code, stdout, stderr } = await renorm(
    ...edge,
    '--select',
    'everything',
    '--log',
    'json',
    '--log-level',
    'debug',
  );
  t.equal(code, 0, stderr);
  t.match(stdout, /^000\.png +class /m, 'predictions are no log');
  const device = linesOf(t, stderr);
  t.match(
    device.find(({ event }) => event === 'connected'),
    { level: 'info', latest: 0 },
  );
  t.match(
    device.find(({ event }) => event === 'unreadable'),
    { level: 'warn', file: /damaged/, code: 'IMAGE_UNREADABLE' },
  );
  t.equal(eventsOf(device).filter((event) => event === 'decision').length, COUNT);
  const lines = linesOf(t, await cloud.stop());
  t.match(
    lines.find(({ event }) => event === 'announced'),
    { level: 'info', device: 'camera', cohort: 'default' },
  );
  t.ok(eventsOf(lines).includes('uploaded'));
  t.equal(eventsOf(lines).at(-1), 'closed');
});

test('the level leaves out what is less, and the error that ends a command is the last line', async (t) => {
  const images = await imageFolder(t, 1);
  const flags = ['--cloud', '127.0.0.1:9', '--images', images, '--log', 'json', '--log-level', 'error'];
  const { code, stderr } = await renorm('edge', '--model', '/nowhere.onnx', ...flags);
  t.equal(code, 1);
  const lines = linesOf(t, stderr);
  t.equal(lines.length, 1, 'no notes');
  t.match(lines[0], { level: 'fatal', event: 'failed', err: { code: String, message: /nowhere/ } });
});

test('a level for text is refused', async (t) => {
  const { code, stderr } = await renorm('cloud', '--edge-model', 'x', '--data', 'x', '--log-level', 'warn');
  t.equal(code, 1);
  t.match(stderr, /--log-level asks for --log json/);
});
