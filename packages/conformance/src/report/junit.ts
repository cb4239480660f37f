import type { Result } from '../runner.js';
import { SENTENCES } from '../sentences.js';

/** JUnit's XML, a suite for each group. */
export function junitReport(results: readonly Result[]): string {
  const groups = [...new Set(results.map(({ group }) => group))];
  const suites = groups.map((name) =>
    suite(
      name,
      results.filter(({ group }) => group === name),
    ),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="renorm conformance" ${counts(results)}>\n${suites.join('')}</testsuites>\n`;
}

function suite(name: string, results: readonly Result[]): string {
  return `  <testsuite name="${escaped(name)}" ${counts(results)}>\n${results.map(testCase).join('')}  </testsuite>\n`;
}

function counts(results: readonly Result[]): string {
  const of = (outcome: Result['outcome']): number => results.filter((each) => each.outcome === outcome).length;
  const seconds = results.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / 1000;
  return `tests="${results.length}" failures="${of('failed')}" skipped="${of('skipped')}" time="${seconds.toFixed(3)}"`;
}

function testCase({ id, group, title, proves, outcome, expected, came, milliseconds }: Result): string {
  const name = `${id} ${title} (${proves.join(', ')})`;
  const open = `    <testcase classname="${escaped(group)}" name="${escaped(name)}" time="${(milliseconds / 1000).toFixed(3)}"`;
  if (outcome === 'passed') return `${open}/>\n`;
  if (outcome === 'skipped') return `${open}><skipped message="${escaped(came ?? '')}"/></testcase>\n`;
  const sentences = proves.map((number) => `${number}: ${SENTENCES[number] ?? ''}`).join('\n');
  const text = `${sentences}\nexpected: ${expected}\ncame: ${came}`;
  return `${open}><failure message="${escaped(`expected ${expected}, came ${came}`)}">${escaped(text)}</failure></testcase>\n`;
}

/** Text as XML takes it; control characters, which it does not take, become question marks. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\x20-\ud7ff\ue000-\ufffd]/g, '?')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
