import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { caseFolders, testsOf } from './cases.js';
import type { CaseResult } from './check.js';
import { Workers } from './in-worker.js';
import { faultLines, summary, summaryText } from './report.js';

/** `pnpm peers --python PYTHON`: the backend tests of the ONNX standard, read, rewritten and differentiated. */
async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      // A Python that has the package `onnx`.
      python: { type: 'string' },
      // A folder with the tests.
      onnx: { type: 'string' },
      // Tests with this in their name.
      only: { type: 'string', multiple: true },
    },
  });
  const folder = values.onnx ?? (values.python === undefined ? undefined : testsOf(values.python));
  if (folder === undefined) {
    throw new Error('say where the tests are: pnpm peers --python PYTHON, after PYTHON -m pip install onnx==1.20.1.');
  }
  const results: CaseResult[] = [];
  const workers = new Workers();
  for (const each of await caseFolders(folder)) {
    const name = relative(folder, each);
    if (values.only?.some((part) => name.includes(part)) === false) continue;
    const result = await workers.run(each, name);
    results.push(result);
    for (const line of faultLines(result)) console.log(line);
  }
  workers.end();
  const total = summary(results);
  console.log(`\n${summaryText(total)}`);
  process.exitCode = [...total.faults.values()].every((count) => count === 0) ? 0 : 1;
}

await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
