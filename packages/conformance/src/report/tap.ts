import type { Result } from '../runner.js';
import { SENTENCES } from '../sentences.js';

/** Test Anything Protocol, version 14. */
export function tapReport(results: readonly Result[]): string {
  const lines = results.flatMap((result, i) => point(result, i + 1));
  return `${['TAP version 14', `1..${results.length}`, ...lines].join('\n')}\n`;
}

function point({ id, group, title, proves, outcome, expected, came }: Result, number: number): string[] {
  const text = `${number} - ${id} ${group}: ${title} (${proves.join(', ')})`.replaceAll('#', '\\#');
  if (outcome === 'passed') return [`ok ${text}`];
  if (outcome === 'skipped') return [`ok ${text} # SKIP ${came}`];
  const sentences = proves.map((each) => `    ${each}: ${JSON.stringify(SENTENCES[each] ?? '')}`);
  const values = [`  expected: ${JSON.stringify(expected)}`, `  came: ${JSON.stringify(came)}`];
  return [`not ok ${text}`, '  ---', '  sentences:', ...sentences, ...values, '  ...'];
}
