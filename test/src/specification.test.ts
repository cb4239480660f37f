import { readFileSync } from 'node:fs';
import { CLIENT_CASES, SENTENCES, SERVER_CASES } from '@renorm/conformance';
import { test } from 'tap';
import { repositoryPath } from './support/cloud-process.js';

test('every case names sentences of the specification, and the suite quotes them as they are', async (t) => {
  const page = readFileSync(repositoryPath('docs/protocol.md'), 'utf8');
  const flat = page.replace(/\s*\n\s*/g, ' ');
  for (const [id, text] of Object.entries(SENTENCES)) {
    if (!flat.includes(`- **${id}** ${text}`)) t.fail(`${id} differs: run node scripts/sentences.mjs`);
  }
  const numbered = [...page.matchAll(/^- \*\*([A-Z]-\d+)\*\*/gm)].map(([, id]) => id as string);
  t.same(numbered, Object.keys(SENTENCES), 'the same sentences');
  t.same(numbered.length, new Set(numbered).size, 'each once');
  const cases = [...SERVER_CASES, ...CLIENT_CASES];
  t.same(cases.length, new Set(cases.map(({ id }) => id)).size, 'case ids are unique');
  for (const { id, proves } of cases) {
    for (const sentence of proves) if (!(sentence in SENTENCES)) t.fail(`${id} names ${sentence}, which is not there`);
  }
  const proven = new Set(cases.flatMap(({ proves }) => proves));
  t.comment(`${proven.size} of ${numbered.length} sentences have a case`);
});

test('docs/conformance.md says how many cases there are', async (t) => {
  const page = readFileSync(repositoryPath('docs/conformance.md'), 'utf8');
  t.same(
    [...page.matchAll(/for (\d+) cases/g)].map(([, count]) => Number(count)),
    [SERVER_CASES.length, CLIENT_CASES.length],
  );
});
