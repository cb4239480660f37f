import type { Result } from '../runner.js';
import { SENTENCES } from '../sentences.js';

const MARKS = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip' } as const;

/** One case for people: a line, and for a failed one what the specification says, what was expected and what came. */
export function textLine({ id, title, outcome, proves, expected, came }: Result): string {
  const line = `  ${MARKS[outcome]}  ${id}  ${title}  (${proves.join(', ')})`;
  if (outcome === 'skipped') return `${line}: ${came}`;
  if (outcome === 'passed') return line;
  const sentences = proves.map((number) => `        ${number}: ${SENTENCES[number] ?? 'no such sentence'}`);
  return [line, ...sentences, `        expected: ${expected}`, `        came:     ${came}`].join('\n');
}

/** The counts. */
export function textSummary(results: readonly Result[]): string {
  const count = (outcome: Result['outcome']): number => results.filter((each) => each.outcome === outcome).length;
  return `${results.length} cases: ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`;
}

/** All of it, grouped. */
export function textReport(results: readonly Result[]): string {
  const groups = [...new Set(results.map(({ group }) => group))];
  const parts = groups.map((name) => [name, ...results.filter(({ group }) => group === name).map(textLine)].join('\n'));
  return `${[...parts, textSummary(results)].join('\n\n')}\n`;
}
