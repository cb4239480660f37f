// Runs every compiled test with tap and prints, as the very last line, the counts alone. Arguments narrow it: `node scripts/run-tests.mjs onnx`
// runs the tests with "onnx" in their path.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { root } from './lib/fresh.mjs';
import { findTests } from './lib/test-files.mjs';
import { describe, summarise } from './lib/test-results.mjs';

/** Tests that cross processes mostly wait, so one more runs at a time than there are processors. */
const jobs = availableParallelism() + 1;
const files = findTests(process.argv.slice(2));
// tap's own machine-readable stream, read by tap's own parser.
const { Parser } = fromTap('tap-parser');
const parser = new Parser();
const results = [];
parser.on('child', (file) => results.push(describe(file)));
const loose = [];
parser.on('assert', (point) => {
  // The closing point of a file comes after all that the file reported.
  const result = results.find(({ name }) => name === point.name);
  if (result === undefined) {
    if (!point.ok) loose.push(point);
    return;
  }
  result.ended(point);
  process.stdout.write(result.lines());
});

const started = Date.now();
const code = files.length === 0 ? 1 : await runTap(files);
const seconds = ((Date.now() - started) / 1000).toFixed(0);
const { text, passed, failed, skipped } = summarise(results, loose, files);
process.stdout.write(
  `\n${text}${files.length} files in ${seconds} s${process.argv.length > 2 ? ' (a selection)' : ''}\n`,
);
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = code !== 0 || failed > 0 || passed === 0 ? 1 : 0;

/** A module that tap brings along, resolved as tap resolves it. */
function fromTap(name) {
  const ofTap = createRequire(createRequire(join(root, 'package.json')).resolve('tap'));
  return createRequire(ofTap.resolve('@tapjs/core'))(name);
}

function runTap(paths) {
  const { resolve: resolveFrom } = createRequire(join(root, 'package.json'));
  const tap = join(resolveFrom('tap/package.json'), '..', 'dist/esm/run.mjs');
  const options = ['--disable-coverage', '--allow-empty-coverage', '--reporter=tap', `--jobs=${jobs}`, '--timeout=300'];
  const child = spawn(process.execPath, [tap, ...options, ...paths], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.pipe(parser);
  return new Promise((resolve) => {
    child.once('error', (error) => {
      process.stderr.write(`tap did not start: ${error.message}\n`);
      resolve(1);
    });
    child.once('close', (status) => setImmediate(() => resolve(status ?? 1)));
  });
}
