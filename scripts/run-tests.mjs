// Runs every compiled test and prints, as the very last line, the counts alone. Arguments narrow it:
// `node scripts/run-tests.mjs onnx` runs the tests with "onnx" in their path.
import { availableParallelism } from 'node:os';
import { findTests, inGroups } from './lib/test-files.mjs';
import { runTestFiles } from './lib/test-process.mjs';
import { describe, summarise } from './lib/test-results.mjs';

/**
 * Tests that cross processes mostly wait, so one more runs at a time than there are processors. With two more, those that train starve: what
 * trains gives way to all others.
 */
const jobs = availableParallelism() + 1;
const SECONDS_PER_FILE = 400;
const files = findTests(process.argv.slice(2));
const results = [];
const started = Date.now();
const waiting = inGroups(files);

await Promise.all(Array.from({ length: jobs }, runWaiting));

const seconds = ((Date.now() - started) / 1000).toFixed(0);
const { text, passed, failed, skipped } = summarise(results);
process.stdout.write(
  `\n${text}${files.length} files in ${seconds} s${process.argv.length > 2 ? ' (a selection)' : ''}\n`,
);
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

async function runWaiting() {
  for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
    let result;
    const ending = await runTestFiles(group, SECONDS_PER_FILE * group.length, (parser) => {
      result = describe(group, parser);
    });
    result.ended(ending);
    results.push(result);
    process.stdout.write(result.lines());
  }
}
