import { formatPercent } from '../../format/format.js';
import type { MethodSummary } from '../../run/method-summary.js';
import { escapeHtml, linearScale } from '../svg.js';
import { colourOf, environmentLabel } from './names.js';

const WIDTH = 940;
const LEFT = 150;
const ROW = 11;
const GAP = 12;

/** Accuracy of every method in every environment, with its 95% interval, as an SVG element. */
export function accuracyBars(methods: readonly MethodSummary[], environments: readonly string[]): string {
  const group = methods.length * ROW + GAP;
  const height = environments.length * group + 30;
  const x = linearScale([0, 1], [LEFT, WIDTH - 60]);
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<line class="grid" x1="${x(share)}" x2="${x(share)}" y1="18" y2="${height - 6}"/><text x="${x(share)}" y="12" text-anchor="middle">${share * 100}%</text>`,
  );
  const groups = environments.map((environment, e) => {
    const top = 24 + e * group;
    const bars = methods.map(({ method, environments: standings }, m) => {
      const standing = standings.find((each) => each.environment === environment);
      if (standing === undefined) return '';
      const { accuracy, low, high } = standing;
      const [y, colour] = [top + m * ROW, colourOf(m)];
      const middle = y + (ROW - 2) / 2;
      return `<g><title>${escapeHtml(`${method}: ${formatPercent(accuracy)} (${formatPercent(low)} to ${formatPercent(high)})`)}</title><rect x="${LEFT}" y="${y}" width="${(x(accuracy) - LEFT).toFixed(1)}" height="${ROW - 2}" fill="${colour}"/><line class="interval" x1="${x(low).toFixed(1)}" x2="${x(high).toFixed(1)}" y1="${middle}" y2="${middle}"/></g>`;
    });
    const label = `<text class="environment" x="${LEFT - 10}" y="${top + (methods.length * ROW) / 2 + 4}" text-anchor="end">${escapeHtml(environmentLabel(environment))}</text>`;
    return label + bars.join('');
  });
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Accuracy of every method in every environment">${grid.join('')}${groups.join('')}</svg>`;
}
