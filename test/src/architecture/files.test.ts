import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ERROR_CODES } from '@renorm/protocol';
import { test } from 'tap';
import { root, sourcesOf } from './sources.js';
import { architecture } from './table.js';

test('a source file stays readable in one sitting', async (t) => {
  const long = sourcesOf([...architecture().keys(), 'test'])
    .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
    .filter(({ lines }) => lines > 300);
  t.same(long, [], 'no file is over 300 lines');
});

test('docs/errors.md lists every error code, and only those', async (t) => {
  const onnx = readFileSync(join(root, 'packages/onnx/src/errors.ts'), 'utf8').matchAll(/'(ONNX_[A-Z_]+)'/g);
  const codes = new Set([...Object.keys(ERROR_CODES), ...[...onnx].map((match) => match[1] ?? '')]);
  const page = readFileSync(join(root, 'docs/errors.md'), 'utf8').matchAll(/^\| `([A-Z_]+)`/gm);
  t.same([...page].map((match) => match[1]).sort(), [...codes].sort());
});

test('every file that docs/architecture.md names is there', async (t) => {
  const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  const named = [...page.matchAll(/`([a-z][\w./-]*\/[\w./-]+)`/g)].map(([, path]) => path ?? '');
  const packages = [...architecture().keys()];
  const places = ['', 'packages', ...packages, ...packages.map((place) => `${place}/src`)];
  const missing = named
    // FAMILY and NAME stand for what will be added; ./node is a door.
    .filter((path) => !/[A-Z]{3}/.test(path))
    .filter((path) => places.every((place) => !existsSync(join(root, place, path))));
  const names = new Set(sourcesOf(packages).map(({ path }) => basename(path)));
  const bare = [...page.matchAll(/`([\w.-]+\.ts)`/g)].map(([, name]) => name ?? '');
  missing.push(...bare.filter((name) => !/[A-Z]{3}/.test(name) && !names.has(name)));
  t.ok(named.length > 40);
  t.same(missing, []);
});
