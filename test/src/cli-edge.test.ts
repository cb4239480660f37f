import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import sharp from 'sharp';
import { type Test, test } from 'tap';
import { repositoryPath, startCloudProcess } from './support/cloud-process.js';
import { renorm } from './support/processes.js';

const PIXELS = 28 * 28;
const COUNT = 48;
const edgeModel = repositoryPath('models/fashion-edge.onnx');

/** A folder with test images as PNG files, one of them damaged, and the labels of all. */
async function imageFolder(t: Test): Promise<{ folder: string; images: string; labels: Uint8Array }> {
  const folder = await mkdtemp(join(tmpdir(), 'renorm-edge-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const images = join(folder, 'images');
  await mkdir(images);
  const raw = gunzipSync(await readFile(repositoryPath('models/fashion-mnist/t10k-images-idx3-ubyte.gz')));
  const labels = gunzipSync(await readFile(repositoryPath('models/fashion-mnist/t10k-labels-idx1-ubyte.gz'))).subarray(
    8,
  );
  for (let i = 0; i < COUNT; i++) {
    const pixels = raw.subarray(16 + i * PIXELS, 16 + (i + 1) * PIXELS);
    await sharp(pixels, { raw: { width: 28, height: 28, channels: 1 } })
      .png()
      .toFile(join(images, `${String(i).padStart(3, '0')}.png`));
  }
  await writeFile(join(images, 'damaged.png'), 'not a picture');
  return { folder, images, labels };
}

const rows = (stdout: string): { file: string; label: number }[] =>
  [...stdout.matchAll(/^(\d+\.png) +class (\d+) /gm)].map((match) => ({
    file: match[1] ?? '',
    label: Number(match[2]),
  }));

test('edge predicts a folder of images against a running cloud', { timeout: 120_000 }, async (t) => {
  const { folder, images, labels } = await imageFolder(t);
  const cloud = await startCloudProcess(join(folder, 'state'));
  t.teardown(() => cloud.kill());
  const { code, stdout, stderr } = await renorm(
    'edge',
    '--model',
    edgeModel,
    '--cloud',
    cloud.address,
    '--cohort',
    'folder',
    '--id',
    'camera',
    '--images',
    images,
  );
  t.equal(code, 0, stderr);
  t.match(stderr, /^IMAGE_UNREADABLE: .*damaged\.png/m, 'the damaged image is named');
  const predicted = rows(stdout);
  t.equal(predicted.length, COUNT, 'a line for each image');
  const right = predicted.filter(({ label }, i) => label === labels[i]).length;
  t.ok(right > 0.75 * COUNT, `the images arrive as the model takes them: ${right} of ${COUNT} right`);
  t.match(stdout, new RegExp(`predictions +${COUNT}`));
  t.match(stdout, /uploaded +\d+ /);
  t.match(stdout, /version +\d+/);
});

test('the cloud closes in good order on SIGTERM', { timeout: 60_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'renorm-edge-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const { child } = await startCloudProcess(folder);
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  t.same(await gone, [0, null], 'exit code and signal');
});

test('edge goes on predicting without a cloud, and says so', { timeout: 120_000 }, async (t) => {
  const { images } = await imageFolder(t);
  const { code, stdout, stderr } = await renorm(
    'edge',
    '--model',
    edgeModel,
    '--cloud',
    '127.0.0.1:9',
    '--images',
    images,
  );
  t.equal(code, 4, stderr);
  t.equal(rows(stdout).length, COUNT);
  t.match(stderr, /^CLOUD_UNREACHABLE: /m);
});

test('edge fails if it could read no image at all', { timeout: 120_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'renorm-edge-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'damaged.png'), 'not a picture');
  const { code } = await renorm('edge', '--model', edgeModel, '--cloud', '127.0.0.1:9', '--images', folder);
  t.equal(code, 1);
});

test('a token that none can be ends the command with its code, said once', { timeout: 60_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'renorm-edge-token-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const token = join(folder, 'token');
  await writeFile(token, 'two words\n', { mode: 0o600 });
  await writeFile(join(folder, 'image.png'), 'not a picture');
  const flags = ['--model', edgeModel, '--cloud', 'localhost:1', '--images', folder, '--token-file', token];
  const bad = await renorm('edge', ...flags);
  t.equal(bad.code, 1);
  t.same(bad.stderr.match(/CREDENTIALS_\w+/g), ['CREDENTIALS_UNREADABLE'], bad.stderr);
  t.notMatch(bad.stderr, /two words/, 'it is not shown');
  await chmod(token, 0o644);
  t.match((await renorm('edge', ...flags)).stderr, /CREDENTIALS_EXPOSED: .*token/);
});
