import { appendFile, copyFile, mkdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import { repositoryPath } from './support/cloud-process.js';
import { imageFolder } from './support/image-folder.js';
import { start } from './support/processes.js';

const lineOf = (file: string): RegExp => new RegExp(`"kind":"prediction","file":"${file}"`);

test('edge predicts a folder while it fills, and ends with its summary when it is asked to', async (t) => {
  const all = await imageFolder(t, 5);
  const images = join(dirname(all), 'watched');
  await mkdir(images);
  await copyFile(join(all, '000.png'), join(images, '000.png'));
  const model = repositoryPath('models/fashion-edge.onnx');
  const flags = ['--model', model, '--cloud', '127.0.0.1:9', '--images', images, '--watch', '--json'];
  const edge = start('packages/cli/dist/main.js', ['edge', ...flags]);
  await edge.printed(lineOf('000.png'));
  // In pieces, as a slow camera writes.
  const bytes = await readFile(join(all, '001.png'));
  for (let at = 0; at < bytes.length; at += 100) {
    await appendFile(join(images, '001.png'), bytes.subarray(at, at + 100));
    await sleep(100);
  }
  await edge.printed(lineOf('001.png'));
  // In the place of one that was there, and out of another folder at a stroke.
  await rename(join(all, '002.png'), join(images, '002.png'));
  await edge.printed(lineOf('002.png'));
  await rename(join(all, '003.png'), join(images, '000.png'));
  await edge.printed(/("file":"000\.png"[\s\S]*){2}/);
  edge.child.kill('SIGINT');
  const { code, stdout, stderr } = await edge.outcome;
  t.equal(code, 4, 'as a folder that is done: no cloud ever answered');
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string; file?: string });
  const predicted = lines.filter(({ kind }) => kind === 'prediction').map(({ file }) => file);
  t.same(predicted, ['000.png', '001.png', '002.png', '000.png'], stderr);
  // On a machine that is busy a pause in writing may be long; without waiting every piece is tried.
  t.ok(lines.filter(({ kind }) => kind === 'unreadable').length < 3, 'it waits for a file to be whole');
  t.match(lines.at(-1), { kind: 'summary', predictions: 4, unreadable: 0 });
});

test('edge does not watch and repeat at once', async (t) => {
  const { code, stderr } = await start('packages/cli/dist/main.js', [
    ...['edge', '--model', 'x', '--cloud', 'x:1', '--images', '.', '--watch', '--repeat', '2'],
  ]).outcome;
  t.equal(code, 1);
  t.match(stderr, /--watch.* cannot be used with .*--repeat/);
});
