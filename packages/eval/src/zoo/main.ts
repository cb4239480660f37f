import { parseArgs } from 'node:util';
import { check } from './check.js';
import { readManifest } from './manifest.js';
import { TABLE_HEAD, tableRow } from './table.js';

/** `pnpm zoo --models FOLDER`: every exported model of models/zoo/make.py against PyTorch's gradients, as a table. */
async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      models: { type: 'string' },
      only: { type: 'string', multiple: true },
      threads: { type: 'string', default: '2' },
    },
  });
  if (values.models === undefined)
    throw new Error('say where the models are: pnpm zoo --models FOLDER (models/zoo/README.md)');
  const { variants } = await readManifest(values.models);
  const chosen = variants.filter(({ file }) => values.only?.some((part) => file.includes(part)) ?? true);
  console.log(TABLE_HEAD);
  let failed = 0;
  for (const variant of chosen) {
    const finding = await check(values.models, variant, Number(values.threads));
    if (finding.failure !== undefined || (finding.worst?.error ?? 1) > 1e-4) failed++;
    console.log(tableRow(finding), process.env.KEYS ? finding.worst?.key : '');
  }
  console.log(
    `\n${chosen.length} files, ${failed} not as they should be (gradients within 1e-4 of PyTorch's float64).`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
}

await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
