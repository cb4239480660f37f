import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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
