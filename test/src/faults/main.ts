// `pnpm faults`: every kind of fault, as often as is asked for.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { repositoryPath } from '../support/cloud-process.js';
import { KINDS } from './kinds.js';
import { OTHER_KINDS } from './other-kinds.js';
import { seedOfRun } from './random.js';
import { isClean, lineOf } from './tally.js';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    kind: { type: 'string', multiple: true },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const all = { ...KINDS, ...OTHER_KINDS };
const wanted = values.kind ?? Object.keys(all);
const runs = Number(values.runs);
const unknown = wanted.filter((name) => all[name] === undefined);
if (values.help || unknown.length > 0 || !Number.isSafeInteger(runs) || runs < 1) {
  const kinds = Object.entries(all).map(([name, { about }]) => `  ${name.padEnd(14)}${about}`);
  process.stdout.write(
    `pnpm faults [--runs N] [--kind NAME]… [--seed N]   each kind N times (20; those with tests of their own once); build first\n${kinds.join('\n')}\n`,
  );
  process.exit(values.help ? 0 : 1);
}
const seed = values.seed === undefined ? seedOfRun() : Number(values.seed);
for (const name of wanted) {
  const tests = OTHER_KINDS[name]?.tests.map((file) => file.replace('/src/', '/dist/').replace(/\.ts$/, '.js'));
  if (tests !== undefined) {
    const { status } = spawnSync(process.execPath, [repositoryPath('scripts/run-tests.mjs'), ...tests], {
      stdio: 'inherit',
    });
    if (status !== 0) process.exitCode = 1;
    continue;
  }
  const kind = KINDS[name];
  const why = kind?.whyNot();
  if (kind === undefined || why !== undefined) {
    process.stdout.write(`${name}: skipped, ${why}\n`);
    continue;
  }
  const started = performance.now();
  const log = (line: string): void => void process.stderr.write(`${name}: ${line}\n`);
  const tally = await kind.try({ runs, seed, log });
  process.stdout.write(`${lineOf(tally)}; ${((performance.now() - started) / 1000).toFixed(0)} s\n`);
  if (!isClean(tally)) process.exitCode = 1;
}
process.exit();
