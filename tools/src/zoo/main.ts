import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { check, type Finding, isRight } from './check.js';
import { coveragePage } from './coverage-page.js';
import { readManifest } from './manifest.js';
import { TABLE_HEAD, tableRow } from './table.js';

/** `pnpm zoo --models FOLDER`: every exported model of models/zoo/make.py against PyTorch's gradients, as a table. */
async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      models: { type: 'string' },
      // Files with this in their name.
      only: { type: 'string', multiple: true },
      threads: { type: 'string', default: '2' },
      // Writes the page docs/coverage.md.
      write: { type: 'string' },
    },
  });
  if (values.models === undefined) {
    throw new Error('say where the models are: pnpm zoo --models FOLDER; models/zoo/README.md says how to make them.');
  }
  const manifest = await readManifest(values.models);
  const chosen = manifest.variants.filter(({ file }) => values.only?.some((part) => file.includes(part)) ?? true);
  console.log(TABLE_HEAD);
  const findings: Finding[] = [];
  for (const variant of chosen) {
    const finding = await check(values.models, variant, Number(values.threads));
    findings.push(finding);
    console.log(tableRow(finding));
  }
  const wrong = findings.filter((finding) => !isRight(finding)).length;
  console.log(`\n${chosen.length} files, ${wrong} not as they should be.`);
  if (values.write !== undefined) await writePage(values.write, coveragePage(findings, manifest));
  process.exitCode = wrong === 0 ? 0 : 1;
}

/** What `pnpm peers` found stands below, on the same page. */
async function writePage(path: string, page: string): Promise<void> {
  const before = await readFile(path, 'utf8').catch(() => '');
  const at = before.indexOf('\n## The backend tests of ONNX');
  await writeFile(path, at < 0 ? page : page + before.slice(at));
}

await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
