import type { EvalSummary, MethodSummary, Standing } from '@renorm/eval';
import { formatBytes, formatEnvironment, formatPercent, formatPoints } from '@renorm/eval/format';
import chalk from 'chalk';
import { columns } from './table.js';

const COLOURS = { better: chalk.green, worse: chalk.red, unclear: chalk.dim };

/** An evaluation on a terminal: the verdict, a table of methods, a table of environments. */
export function evalTable(summary: EvalSummary): string {
  const { verdict, layout, measuredAgainst, notes, refused, unreadable } = summary;
  const accuracy = measuredAgainst === 'labels' ? 'accuracy' : 'agreement';
  const remarks = [
    ...notes,
    ...(measuredAgainst === 'labels'
      ? []
      : [
          `The data have no labels: figures are agreement with what ${measuredAgainst} says of the images as they are.`,
        ]),
    ...(unreadable.length > 0
      ? [`${unreadable.length} images could not be read and are left out, among them: ${unreadable[0]}`]
      : []),
    ...Object.entries(refused).map(([method, reason]) => `${method} is left out: ${reason}`),
  ];
  return [
    ...summary.streams.flatMap(({ kind, methods, environments }) => [
      chalk.bold(
        `${kind === 'reset' ? `${layout}, each environment from the exported model` : `${layout}, stream ${kind}`}`,
      ),
      ...methodTable(methods, accuracy),
      '',
      ...(environments.length > 1 ? [...environmentTable(methods, environments), ''] : []),
    ]),
    ...remarks.map((remark) => chalk.yellow(remark)),
    ...verdict.sentences.map((sentence, i) => (i === 0 ? chalk.bold(sentence) : sentence)),
  ].join('\n');
}

function methodTable(methods: readonly MethodSummary[], accuracy: string): string[] {
  const heads = [
    'method',
    'clean',
    accuracy,
    '95% interval',
    'gain',
    'uploaded',
    'up/1000',
    'down/1000',
    'ECE',
    'needs',
  ];
  const rows = methods.map(({ method, clean, changed, needs }) => [
    method,
    clean === undefined ? '–' : formatPercent(clean.accuracy),
    formatPercent(changed.accuracy),
    `${formatPercent(changed.low)} to ${formatPercent(changed.high)}`,
    method === 'source' ? '' : gain(changed),
    needs.cloud ? formatPercent(changed.uploaded) : '',
    needs.cloud ? formatBytes(changed.bytesUpPerThousand) : '',
    needs.cloud ? formatBytes(changed.bytesDownPerThousand) : '',
    formatPercent(changed.calibrationError),
    [
      needs.batches && 'batches',
      needs.gradients && 'back propagation',
      needs.cloud && 'a cloud',
      needs.clean && 'clean images',
    ]
      .filter(Boolean)
      .join(', '),
  ]);
  const align = ['left', ...Array(8).fill('right'), 'left'] as ('left' | 'right')[];
  return columns([heads.map((head) => chalk.dim(head)), ...rows], align);
}

function environmentTable(methods: readonly MethodSummary[], environments: readonly string[]): string[] {
  const rows = environments.map((environment) => [
    formatEnvironment(environment),
    ...methods.map(({ method, environments: standings }) => {
      const standing = standings.find((each) => each.environment === environment);
      if (standing === undefined) return '–';
      return method === 'source'
        ? formatPercent(standing.accuracy)
        : COLOURS[standing.againstSource.verdict](formatPercent(standing.accuracy));
    }),
  ]);
  return columns(
    [['environment', ...methods.map(({ method }) => method)].map((head) => chalk.dim(head)), ...rows],
    ['left', 'right'],
  );
}

/** In brackets where it is within two standard errors of zero. */
function gain({ againstSource: { verdict, gain: points } }: Standing): string {
  return COLOURS[verdict](verdict === 'unclear' ? `(${formatPoints(points)})` : formatPoints(points));
}
