import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'tap';
import { CASES, CASES_OF, WITHOUT } from '../testing/cases.js';
import { FAMILIES, operatorOf } from './operators.js';

const SOURCES = new URL('../../src/', import.meta.url);
const differentiable = Object.entries(FAMILIES).flatMap(([family, operators]) =>
  Object.entries(operators).flatMap(([name, { gradient }]) =>
    gradient === undefined ? [] : [{ family, name, gradient }],
  ),
);

test('an operator is known in one family', async (t) => {
  const names = Object.values(FAMILIES).flatMap((family) => Object.keys(family));
  t.same(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  );
});

test('a family and its cases have files of the same name', async (t) => {
  const files = readdirSync(new URL('operators/', SOURCES));
  for (const family of Object.keys(FAMILIES)) t.ok(files.includes(`${family}.ts`), family);
  const withGradient = new Set(differentiable.map(({ family }) => family));
  t.same([...withGradient].sort(), Object.keys(CASES_OF).sort());
  const cases = readdirSync(new URL('testing/cases/', SOURCES)).map((file) => file.replace('.ts', ''));
  t.same(cases.sort(), Object.keys(CASES_OF).sort());
});

test('every gradient rule has a fixed case in its family, or a reason why it has none', async (t) => {
  for (const { family, name, gradient } of differentiable) {
    const missing = WITHOUT[name];
    if (missing !== undefined && 'all' in missing) continue;
    const covered = new Set(
      (CASES_OF[family]?.fixed ?? [])
        .filter(({ operator }) => operator === name)
        .flatMap(({ shapes, frozen, first }) =>
          shapes.flatMap((_, i) => (frozen.includes(i) ? [] : [i + first.length])),
        ),
    );
    // Where all inputs have the same rule, the first stands for them.
    const rules: readonly unknown[] = Array.isArray(gradient) ? gradient : [gradient];
    const bare = rules.flatMap((rule, i) => (rule === undefined || covered.has(i) ? [] : [`${name} input ${i}`]));
    t.same(bare, [], `add cases to testing/cases/${family}.ts`);
  }
});

test('every operator with a gradient has random cases in its family, or a reason why it has none', async (t) => {
  for (const { family, name } of differentiable) {
    const random = CASES_OF[family]?.random[name] !== undefined;
    t.ok(random || WITHOUT[name] !== undefined, `${name} in testing/cases/${family}.ts`);
    t.notOk(random && WITHOUT[name] !== undefined, `${name} has random cases and a reason why it has none`);
  }
});

test('cases are those of operators with a gradient', async (t) => {
  const known = new Set(differentiable.map(({ name }) => name));
  const named = [...CASES.map(({ operator }) => operator), ...Object.keys(WITHOUT)];
  for (const { random } of Object.values(CASES_OF)) named.push(...Object.keys(random));
  t.same(
    named.filter((name) => !known.has(name)),
    [],
  );
});

/**
 * Files beside operators/ and testing/ that may tell operators apart by name, and why. An operator that is added does
 * not stand there: what is known of it goes into its entry.
 */
const MAY_NAME_OPERATORS: Readonly<Record<string, string>> = {
  'import/before-11.ts': 'operators that were written otherwise before operator set 11',
  'import/upgrade.ts': 'operators whose meaning changed from one operator set to another',
  'layers/channel-affine.ts': 'what a normalization stands behind',
  'layers/graph-index.ts': 'what exporters put between a constant and its reader',
  'layers/operators.ts': 'what normalises',
  'layers/scale-shift.ts': 'where a normalization was folded away',
  'prepare/open-batch.ts': 'what was written down for a batch of one',
  'prepare/trace-scores.ts': 'what is done to scores on their way to an output',
  'model/type-lookup.ts': 'whose type is that of another input',
  'parameters.ts': 'what exporters put between a constant and its reader',
};

test('no table elsewhere names operators', async (t) => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /\.ts$/.test(file) && !/\.test\.ts$|^(operators|testing|gen)\//.test(file));
  t.ok(files.length > 30, 'the sources are there');
  const naming = files.filter((file) => tableIn(readFileSync(new URL(file, SOURCES), 'utf8')));
  t.same(naming.sort(), Object.keys(MAY_NAME_OPERATORS).sort());
});

/** Whether a text names operators as keys, or two or more in a row. */
function tableIn(text: string): boolean {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  const isOperator = (name: string | undefined): boolean =>
    name !== undefined && operatorOf({ type: name }) !== undefined;
  const keys = [...code.matchAll(/^\s+'?(\w+)'?: (?!string|number|boolean)/gm)].some(([, name]) => isOperator(name));
  const lists = [...code.matchAll(/'([\w ]+)'/g)].some(
    ([, words = '']) => words.split(' ').filter(isOperator).length > 1,
  );
  const rows = [...code.matchAll(/'(\w+)',\s*'(\w+)'/g)].some(([, a, b]) => isOperator(a) && isOperator(b));
  return keys || lists || rows;
}
