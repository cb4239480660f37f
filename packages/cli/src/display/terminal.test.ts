import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import chalk, { Chalk } from 'chalk';
import { test } from 'tap';
import { eventLine } from './cloud-lines.js';
import { forTerminal } from './terminal.js';

test('colours reach a terminal, and nothing else that it would obey', (t) => {
  const red = new Chalk({ level: 1 }).red('text');
  t.equal(forTerminal(red), red);
  t.equal(
    forTerminal('\u001b]0;title\u0007\u001b[2J\u009b2J\u202etxt'),
    '\\u001b]0;title\\u0007\\u001b[2J\\u009b2J\\u202etxt',
  );
  t.end();
});

test('an error text of a peer brings no colours of its own', (t) => {
  const line = eventLine({ kind: 'failed', error: new Error('\u001b[8mhidden\u202e') }, new Date(0)) ?? '';
  t.match(line, '\\u001b[8mhidden\\u202e');
  t.ok(chalk);
  t.end();
});

test('nothing of the command writes past the border', (t) => {
  const source = fileURLToPath(new URL('../../src', import.meta.url));
  const files = readdirSync(source, { recursive: true }).map(String);
  for (const file of files.filter(
    (name) => name.endsWith('.ts') && !name.endsWith('terminal.ts') && !name.endsWith('.test.ts'),
  ))
    t.notMatch(readFileSync(join(source, file), 'utf8'), /process\.std(out|err)\.write|console\.(log|error)/, file);
  t.end();
});
