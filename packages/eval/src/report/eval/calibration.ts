import type { CellResult } from '../../run/cell.js';
import { reliability } from '../../run/metrics.js';
import { escapeHtml, linearScale, linePath } from '../svg.js';
import { colourOf } from './names.js';

const [WIDTH, HEIGHT] = [460, 300];
const [LEFT, RIGHT, TOP, BOTTOM] = [48, 20, 16, 252];

/** How often predictions of a confidence are right, for each method: on the diagonal a model knows what it knows. */
export function reliabilityChart(cells: readonly CellResult[], methods: readonly string[]): string {
  const x = linearScale([0, 1], [LEFT, WIDTH - RIGHT]);
  const y = linearScale([0, 1], [BOTTOM, TOP]);
  const grid = [0, 0.5, 1].map(
    (share) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(share)}" y2="${y(share)}"/><text x="${LEFT - 6}" y="${y(share) + 4}" text-anchor="end">${share * 100}%</text><text x="${x(share)}" y="${BOTTOM + 16}" text-anchor="${share === 1 ? 'end' : 'middle'}">${share * 100}%</text>`,
  );
  const lines = methods.map((method, m) => {
    const own = cells.filter((cell) => cell.method === method);
    const seen = own.flatMap(({ predicted, label, confidence }) =>
      predicted.map((each, i) => ({ isRight: each === label[i], confidence: confidence[i] as number })),
    );
    // A handful of predictions say nothing.
    const bins = reliability(seen).filter(({ count }) => count >= Math.max(5, seen.length / 500));
    const points = bins.map(({ confidence, accuracy }) => [x(confidence), y(accuracy)] as const);
    return `<g><title>${escapeHtml(method)}</title><path fill="none" stroke="${colourOf(m)}" stroke-width="2" d="${linePath(points)}"/></g>`;
  });
  return `<figure><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Share of right predictions by confidence">${grid.join('')}<line class="change" x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}"/>${lines.join('')}<text x="${WIDTH - RIGHT}" y="${BOTTOM + 34}" text-anchor="end">confidence; upwards: right</text></svg></figure>`;
}
