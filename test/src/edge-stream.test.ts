import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'tap';
import { repositoryPath } from './support/cloud-process.js';
import { imageFolder } from './support/image-folder.js';
import { renorm, start } from './support/processes.js';

const common = ['edge', '--model', repositoryPath('models/fashion-edge.onnx'), '--cloud', '127.0.0.1:9', '--json'];

interface Line {
  readonly kind: string;
  readonly file?: string;
  readonly label?: number;
}
const linesOf = (stdout: string): Line[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
const predictions = (stdout: string): Line[] => linesOf(stdout).filter(({ kind }) => kind === 'prediction');

test('edge predicts frames of a pipe and of a camera as it predicts the same images of a folder', async (t) => {
  const images = await imageFolder(t, 3);
  const folder = await mkdtemp(join(tmpdir(), 'renorm-stream-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const names = ['000.png', '001.png', '002.png'];
  const pixels = await Promise.all(
    names.map((name) => sharp(join(images, name)).toColourspace('b-w').raw().toBuffer()),
  );
  const pipe = join(folder, 'pipe');
  await writeFile(pipe, Buffer.concat(pixels));
  const [fromFolder, fromPipe] = await Promise.all([
    renorm(...common, '--images', images),
    renorm(...common, '--stream', pipe, '--raw', '28x28:gray'),
  ]);
  t.equal(fromPipe.code, 4, fromPipe.stderr);
  const frames = predictions(fromPipe.stdout);
  t.same(
    frames.map(({ file }) => file),
    ['frame 1', 'frame 2', 'frame 3'],
  );
  const labels = predictions(fromFolder.stdout).map(({ label }) => label);
  t.same(
    frames.map(({ label }) => label),
    labels,
  );

  const jpegs = await Promise.all(names.map((name) => sharp(join(images, name)).jpeg({ quality: 100 }).toBuffer()));
  let asked = 0;
  let password: string | undefined;
  const camera = createServer((request, response) => {
    password = request.headers.authorization;
    response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=frame' });
    // The connection ends behind the frame, as that of a camera does that restarts.
    response.end(Buffer.concat([Buffer.from('--frame\r\n\r\n'), jpegs[asked++ % 3] as Buffer]));
  });
  await new Promise<void>((resolve) => camera.listen(0, '127.0.0.1', resolve));
  t.teardown(() => camera.close());
  const { port } = camera.address() as AddressInfo;
  const live = start('packages/cli/dist/main.js', [...common, '--stream', `http://me:secret@127.0.0.1:${port}/`]);
  await live.printed(/"file":"frame 3"/);
  live.child.kill('SIGINT');
  const { code, stdout, stderr } = await live.outcome;
  t.equal(code, 4, 'as a pipe that has ended');
  t.equal(password, `Basic ${Buffer.from('me:secret').toString('base64')}`);
  t.same(
    predictions(stdout)
      .slice(0, 3)
      .map(({ label }) => label),
    labels,
  );
  t.match(stderr, /The stream http:\/\/…@127\.0\.0\.1:\d+\/ was lost \(it ended\); again in/);
  t.notMatch(stderr, /secret/);
});

test('edge says what is wrong with a stream', async (t) => {
  const file = repositoryPath('package.json');
  const [cut, none, both] = await Promise.all([
    renorm(...common, '--stream', file, '--raw', '28x28:gray'),
    renorm(...common, '--stream', file),
    renorm(...common, '--stream', file, '--images', '.'),
  ]);
  t.match(cut, { code: 1, stderr: /REQUEST_INVALID: the stream .* ends with \d+ bytes of a frame/ });
  t.match(none, { code: 1, stderr: /it ended without a frame/ });
  t.equal(both.code, 1);
  t.ok((await readFile(file)).length % 784 > 0, 'its length is no multiple of a frame');
});
