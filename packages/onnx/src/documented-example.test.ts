import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { differentiableOperators } from './index.js';

const FOLDER = fileURLToPath(new URL('..', import.meta.url));
const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The text of a fenced block. */
const block = (language: string): string => README.split(`\`\`\`${language}\n`)[1]?.split('```')[0] ?? '';

/** Losses that the example prints. */
const losses = (text: string): number[] => [...text.matchAll(/loss ([\d.]+)/g)].map(([, loss]) => Number(loss));

test('the operators that the README names have a rule', async (t) => {
  const section = README.split('## Differentiable operators')[1]?.split('Operators before the first layer')[0] ?? '';
  const named = [...section.matchAll(/`([A-Z]\w+)`/g)].map(([, name]) => name as string);
  t.ok(named.length > 10);
  const known = new Set(differentiableOperators());
  t.same(
    named.filter((name) => !known.has(name)),
    [],
  );
});

test('the example of the README runs, its loss falls, and it prints what the README says', async (t) => {
  const printed = execFileSync(process.execPath, ['--input-type=module'], {
    cwd: FOLDER,
    input: block('js'),
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  });
  const [found, promised] = [losses(printed), losses(block('text'))];
  t.equal(found.length, 5);
  for (let i = 1; i < found.length; i++) t.ok((found[i] as number) < (found[i - 1] as number), `after ${i}`);
  found.forEach((loss, i) => {
    t.ok(
      Math.abs(loss - (promised[i] as number)) < 0.02,
      `${loss} where the README says ${promised[i]}; has the model changed? Then paste:\n${printed}`,
    );
  });
});
