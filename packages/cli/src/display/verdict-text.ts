import type { ModelVerdict, Refusal, RoleVerdict } from '@renorm/cloud';
import type { FoundPreprocessing } from '@renorm/protocol/node';
import chalk from 'chalk';

/** What a cloud and a device say of a model. */
export interface Inspection extends ModelVerdict {
  readonly device: { readonly refusal?: Refusal };
  /** What lies beside the model. */
  readonly preprocessing?: FoundPreprocessing;
}

/** Whether a model can be used, for a person: a verdict for each role, and what to do about each obstacle. */
export function verdictText({ changes, remarks, edge, foundation, pair, preprocessing }: Inspection): string {
  const made =
    changes.length === 0
      ? []
      : ['Devices and cloud make it fit, as renorm prepare does:', ...changes.map((what) => `  ${what}`), ''];
  const same = edge.refusal !== undefined && edge.refusal.text === foundation.refusal?.text;
  return [
    ...(preprocessing === undefined ? [] : [besideLine(preprocessing), '']),
    ...made,
    ...remarks.flatMap((remark) => [chalk.yellow(remark), '']),
    ...roleLines('edge model', edge),
    ...(same
      ? [`${chalk.red('not ready')} as foundation model, for the same reason`]
      : roleLines('foundation model', foundation)),
    ...(pair === undefined
      ? []
      : ['', ...roleLines('pair', pair), ...pair.changes.map((what) => `  foundation model: ${what}`)]),
  ].join('\n');
}

const besideLine = ({ file, says }: FoundPreprocessing): string =>
  typeof says === 'string'
    ? chalk.yellow(`${file} ${says}`)
    : `images are prepared as ${file} says: ${JSON.stringify(says)}`;

function roleLines(role: string, { ready, refusal, strategies }: RoleVerdict): string[] {
  if (refusal !== undefined) return [`${chalk.red('not ready')} as ${role}:`, `  ${refusalText(refusal)}`];
  const taken = strategies.filter((each) => each.refusal === undefined).map(({ strategy }) => strategy);
  const refused = new Map<string, string[]>();
  for (const { strategy, refusal: why } of strategies) {
    if (why === undefined) continue;
    const text = refusalText(why);
    refused.set(text, [...(refused.get(text) ?? []), strategy]);
  }
  const head = ready
    ? `${chalk.green('ready')} as ${role}, for ${taken.length === 1 ? 'the strategy' : 'the strategies'} ${taken.join(', ')}`
    : `${chalk.red('not ready')} as ${role}:`;
  return [head, ...[...refused].map(([text, names]) => `  not for ${names.join(', ')}: ${text}`)];
}

const refusalText = ({ code, text }: Refusal): string => `${code}: ${text}`;
