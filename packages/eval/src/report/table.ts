import type { DemoSummary } from '../demo/summary.js';
import { formatBytes, formatCount, formatEnvironment, formatPercent, formatPoints } from '../format/format.js';
import { escapeHtml } from './svg.js';

const TABLE_HEADS = [
  'device',
  'environment',
  'images',
  'unadapted',
  'adapted: first',
  'last',
  'gain',
  'uploaded',
  'up',
  'down',
  'version',
] as const;

/** One row of the summary table: a device in an environment. */
interface TableRow {
  readonly cells: readonly string[];
  readonly verdict: 'better' | 'worse' | 'unclear';
  /** Whether it is the first row of its device. */
  readonly first: boolean;
}

/**
 * The rows of the summary table. `gain` compares both models over the last part; a gain that is not clear is in
 * brackets.
 */
function tableRows({ cohorts }: DemoSummary): TableRow[] {
  return cohorts.flatMap(({ devices }) =>
    devices.flatMap(({ id, environments }) =>
      environments.map((one, i) => ({
        first: i === 0,
        verdict: one.last.verdict,
        cells: [
          i === 0 ? id : '',
          formatEnvironment(one.environment),
          formatCount(one.images),
          formatPercent(one.unadapted),
          formatPercent(one.adaptedFirst),
          formatPercent(one.adaptedLast),
          one.last.verdict === 'unclear' ? `(${formatPoints(one.last.gain)})` : formatPoints(one.last.gain),
          formatPercent(one.uploadedShare),
          formatBytes(one.bytesUp),
          formatBytes(one.bytesDown),
          String(one.version),
        ],
      })),
    ),
  );
}

/** The summary table as HTML. */
export function tableHtml(summary: DemoSummary): string {
  const name = (i: number): string => (i < 2 ? ' class="name"' : '');
  const heads = TABLE_HEADS.map((head, i) => `<th${name(i)}>${head}</th>`).join('');
  const rows = tableRows(summary).map(({ cells, verdict, first }) => {
    const row = cells
      .map((cell, i) => `<td${TABLE_HEADS[i] === 'gain' ? ` class="${verdict}"` : name(i)}>${escapeHtml(cell)}</td>`)
      .join('');
    return `<tr${first ? ' class="device"' : ''}>${row}</tr>`;
  });
  return `<div class="scroll"><table><thead><tr>${heads}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}
