import type { DemoSummary } from '@renorm/eval';
import { formatBytes, formatEnvironment, formatPercent, formatPoints } from '@renorm/eval/format';
import chalk from 'chalk';
import { columns } from './table.js';

const HEADS = ['environment', 'unadapted', 'first', 'last', 'gain', 'uploaded', 'up', 'down'];
const COLOURS = { better: chalk.green, worse: chalk.red, unclear: chalk.dim };
const LEGEND = [
  'first, last: of the adapted model, in the first and the last third of an environment.',
  'gain: over the unadapted model in the last third, in points; in brackets where not clear.',
];

/** The table at the end of a run: for each device its environments, within 80 columns. */
export function summaryTable({ cohorts }: DemoSummary): string {
  const devices = cohorts.flatMap((cohort) => cohort.devices);
  const rows = devices.flatMap(({ environments }) =>
    environments.map(({ environment, unadapted, adaptedFirst, adaptedLast, last, ...one }) => [
      `  ${formatEnvironment(environment)}`,
      formatPercent(unadapted),
      formatPercent(adaptedFirst),
      formatPercent(adaptedLast),
      COLOURS[last.verdict](last.verdict === 'unclear' ? `(${formatPoints(last.gain)})` : formatPoints(last.gain)),
      formatPercent(one.uploadedShare),
      formatBytes(one.bytesUp),
      formatBytes(one.bytesDown),
    ]),
  );
  const [head = '', ...lines] = columns([HEADS.map((text) => chalk.dim(text)), ...rows], ['left', 'right']);
  const blocks = devices.flatMap(({ id, version, environments }) => [
    `${chalk.bold(id)}  ${chalk.dim(`version ${version}`)}`,
    ...lines.splice(0, environments.length),
  ]);
  return [head, ...blocks, ...LEGEND.map((text) => chalk.dim(text))].join('\n');
}
