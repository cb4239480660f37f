import { formatPercent } from '../../format/format.js';
import type { MethodSummary } from '../../run/method-summary.js';
import { escapeHtml, linearScale } from '../svg.js';
import { colourOf } from './names.js';

const WIDTH = 460;
const [LEFT, RIGHT, TOP, ROW] = [140, 20, 26, 18];

/**
 * How sure each method is where it is wrong and where it is right: a wrong answer that is as sure as a right one cannot
 * be told from it.
 */
export function surenessChart(methods: readonly MethodSummary[]): string {
  const height = TOP + methods.length * ROW + 30;
  const x = linearScale([0, 1], [LEFT, WIDTH - RIGHT]);
  const grid = [0, 0.5, 1].map(
    (share) =>
      `<line class="grid" x1="${x(share)}" x2="${x(share)}" y1="${TOP - 8}" y2="${height - 26}"/><text x="${x(share)}" y="${TOP - 12}" text-anchor="middle">${share * 100}%</text>`,
  );
  const rows = methods.map(({ method, changed: { confidenceRight, confidenceWrong } }, m) => {
    const y = TOP + m * ROW + ROW / 2;
    const dots = [
      { sure: confidenceWrong, fill: 'var(--page)' },
      { sure: confidenceRight, fill: colourOf(m) },
    ].filter(({ sure }) => Number.isFinite(sure));
    const [first, last] = [dots[0], dots.at(-1)].map((dot) => x(dot?.sure ?? 0).toFixed(1));
    const said = `${method}: ${formatPercent(confidenceWrong)} sure where it is wrong, ${formatPercent(confidenceRight)} where it is right`;
    return `<g><title>${escapeHtml(said)}</title><text class="environment" x="${LEFT - 12}" y="${y + 4}" text-anchor="end">${escapeHtml(method)}</text><line x1="${first}" x2="${last}" y1="${y}" y2="${y}" stroke="${colourOf(m)}" stroke-width="2"/>${dots
      .map(
        ({ sure, fill }) =>
          `<circle cx="${x(sure).toFixed(1)}" cy="${y}" r="4.5" fill="${fill}" stroke="${colourOf(m)}" stroke-width="2"/>`,
      )
      .join('')}</g>`;
  });
  return `<figure><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Mean confidence of wrong and of right predictions">${grid.join('')}${rows.join('')}<text x="${WIDTH - RIGHT}" y="${height - 6}" text-anchor="end">mean confidence; hollow: wrong, full: right</text></svg></figure>`;
}
