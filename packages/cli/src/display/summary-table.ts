import { type DemoSummary, TABLE_HEADS, tableRows } from '@renorm/eval';
import chalk from 'chalk';
import { columns } from './table.js';

const GAIN = TABLE_HEADS.indexOf('gain');
const COLOURS = { better: chalk.green, worse: chalk.red, unclear: chalk.dim };

/** The table at the end of a run: per device and environment. */
export function summaryTable(summary: DemoSummary): string {
  const rows = tableRows(summary).map(({ cells, verdict }) =>
    cells.map((cell, i) => (i === GAIN ? COLOURS[verdict](cell) : cell)),
  );
  const lines = columns([TABLE_HEADS.map((head) => chalk.dim(head)), ...rows], ['left', 'left', 'right']);
  return [
    ...lines,
    chalk.dim(
      'first, last: thirds of an environment. gain: adapted over unadapted in the last third, in points; in brackets where not clear',
    ),
  ].join('\n');
}
