import type { CaseResult, Fault, Finding } from './check.js';

const FAULTS: readonly Fault[] = ['untyped throw', 'wrong result', 'NaN gradient', 'refused file'];

/** What a run adds up to. */
export interface Summary {
  readonly tests: number;
  readonly ran: number;
  readonly rewritten: number;
  readonly gradients: number;
  /** Refusals with a code, and how many. */
  readonly refusals: ReadonlyMap<string, number>;
  readonly faults: ReadonlyMap<Fault, number>;
}

export function summary(results: readonly CaseResult[]): Summary {
  const findings = results.flatMap((result) => result.findings);
  const good = (step: Finding['step']) =>
    findings.filter((each) => each.step === step && each.fault === undefined && each.refusal === undefined).length;
  const refusals = new Map<string, number>();
  for (const { refusal } of findings) if (refusal) refusals.set(refusal, (refusals.get(refusal) ?? 0) + 1);
  return {
    tests: results.length,
    ran: results.filter(({ ran }) => ran).length,
    rewritten: good('rewritten'),
    gradients: good('gradient'),
    refusals,
    faults: new Map(FAULTS.map((fault) => [fault, findings.filter((each) => each.fault === fault).length])),
  };
}

/** The summary as lines of Markdown. */
export function summaryText({ tests, ran, rewritten, gradients, refusals, faults }: Summary): string {
  const refused = [...refusals].sort(([, a], [, b]) => b - a).map(([code, count]) => `${code} ${count}`);
  return [
    '| tests | run by onnxruntime from JavaScript | rewritten, same result | gradient graphs |',
    '|---|---|---|---|',
    `| ${tests} | ${ran} | ${rewritten} | ${gradients} |`,
    '',
    '| untyped throws | wrong results | NaN where the value is finite | files refused by onnxruntime |',
    '|---|---|---|---|',
    `| ${FAULTS.map((fault) => faults.get(fault)).join(' | ')} |`,
    '',
    `Refused with a code: ${refused.join(', ')}.`,
  ].join('\n');
}

/** A line for each fault. */
export const faultLines = ({ name, findings }: CaseResult): string[] =>
  findings.flatMap(({ fault, step, input, message }) =>
    fault === undefined ? [] : [`${name} (${input}), ${step}: ${fault}: ${(message ?? '').slice(0, 600)}`],
  );
