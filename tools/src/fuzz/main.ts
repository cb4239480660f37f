import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Finding, runTarget, type Summary } from './run.js';
import { TARGETS } from './targets.js';

const USAGE = `pnpm fuzz [--inputs N] [--seed N] [--target NAME] [--out FOLDER]   damaged inputs, shared among the targets
pnpm fuzz --target NAME --replay FILE                                one recorded input
`;

/** `pnpm fuzz`: everything that reads what somebody else wrote, on damaged input. */
async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      inputs: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      target: { type: 'string' },
      replay: { type: 'string' },
      out: { type: 'string', default: 'fuzz-findings' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help)
    return console.log(USAGE + TARGETS.map(({ name, about }) => `  ${name.padEnd(18)}${about}\n`).join(''));
  const chosen = TARGETS.filter(({ name }) => values.target === undefined || name === values.target);
  if (chosen.length === 0) throw new Error(`there is no target ${values.target}; pnpm fuzz --help lists them.`);
  if (values.replay !== undefined) return replay(values.target, values.replay);
  const inputs = Math.ceil(wholeNumber('inputs', values.inputs) / chosen.length);
  const seed = wholeNumber('seed', values.seed);
  for (const { name } of chosen) {
    const summary = await runTarget({ target: name, inputs, seed });
    console.log(summaryLine(name, summary));
    for (const finding of summary.findings) await record(values.out, name, finding);
    if (summary.findings.length > 0) process.exitCode = 1;
  }
}

async function replay(target: string | undefined, file: string): Promise<void> {
  if (target === undefined) throw new Error('say for which target the input is: --target NAME');
  const summary = await runTarget({ target, inputs: 1, seed: 0, file });
  console.log(summaryLine(target, summary));
  for (const { why } of summary.findings) console.log(why);
  if (summary.findings.length === 0) console.log(`${basename(file)} is ${summary.accepted > 0 ? 'taken' : 'refused'}.`);
  process.exitCode = summary.findings.length > 0 ? 1 : 0;
}

async function record(folder: string, target: string, { bytes, why }: Finding): Promise<void> {
  await mkdir(folder, { recursive: true });
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  const file = join(folder, `${target}-${hash}.bin`);
  await writeFile(file, bytes);
  console.log(`  ${why.split('\n').slice(0, 4).join('\n  ')}`);
  console.log(`  ${bytes.length} bytes; again: pnpm fuzz --target ${target} --replay ${file}`);
}

function summaryLine(name: string, { inputs, accepted, slowest, memory, seconds, findings }: Summary): string {
  const share = inputs === 0 ? 0 : (100 * accepted) / inputs;
  return [
    name.padEnd(18),
    `${inputs} inputs`.padStart(15),
    `${(inputs / seconds).toFixed(0)}/s`.padStart(9),
    `${share.toFixed(1)} % taken`.padStart(14),
    `slowest ${slowest.toFixed(0)} ms`.padStart(16),
    `peak ${memory.toFixed(0)} MB`.padStart(13),
    `${findings.length} findings`.padStart(13),
  ].join('');
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new Error(`--${name} is ${JSON.stringify(text)}; it takes a whole number from 1.`);
}

await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
