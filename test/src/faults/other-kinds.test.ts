import { existsSync, readFileSync } from 'node:fs';
import { test } from 'tap';
import { repositoryPath } from '../support/cloud-process.js';
import { KINDS } from './kinds.js';
import { OTHER_KINDS } from './other-kinds.js';

test('every kind of fault has tests, and a row in docs/reliability.md', async (t) => {
  for (const [name, { tests }] of Object.entries(OTHER_KINDS))
    for (const file of tests) t.ok(existsSync(repositoryPath(file)), `${name}: ${file}`);
  const page = readFileSync(repositoryPath('docs/reliability.md'), 'utf8');
  for (const name of [...Object.keys(KINDS), ...Object.keys(OTHER_KINDS)])
    t.match(page, new RegExp(`^\\| \`${name}\``, 'm'), name);
});
