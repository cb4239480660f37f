import { formatCount } from '../../format/format.js';
import type { CellResult } from '../../run/cell.js';
import { wilson } from '../../run/metrics.js';
import { environmentName } from '../../streams/stream.js';
import { escapeHtml, linearScale, linePath } from '../svg.js';
import { colourOf, environmentLabel } from './names.js';

const [WIDTH, HEIGHT] = [300, 150];
const [LEFT, RIGHT, TOP, BOTTOM] = [34, 6, 20, 132];
/** Points of a curve; each is the accuracy of the images around it. */
const POINTS = 24;

/**
 * Accuracy over the images of each stream, a small chart each.
 *
 * @param shown the method whose 95% interval is drawn as a band
 */
export function accuracyCurves(cells: readonly CellResult[], methods: readonly string[], shown: string): string {
  const streams = [...new Set(cells.map(({ stream }) => stream))];
  return `<div class="small">${streams
    .map((stream) =>
      chart(
        stream,
        cells.filter((cell) => cell.stream === stream),
        methods,
        shown,
      ),
    )
    .join('')}</div>`;
}

function chart(stream: string, cells: readonly CellResult[], methods: readonly string[], shown: string): string {
  const length = Math.max(...cells.map(({ predicted }) => predicted.length));
  const x = linearScale([0, length], [LEFT, WIDTH - RIGHT]);
  const y = linearScale([0, 1], [BOTTOM, TOP]);
  const grid = [0, 0.5, 1].map(
    (share) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(share)}" y2="${y(share)}"/><text x="${LEFT - 4}" y="${y(share) + 4}" text-anchor="end">${share * 100}</text>`,
  );
  const lines = methods.map((method, m) => {
    const cell = cells.find((each) => each.method === method);
    if (cell === undefined) return '';
    const points = pieces(cell);
    const line = linePath(points.map(({ at, accuracy }) => [x(at), y(accuracy)] as const));
    // Bands of many methods hide each other.
    const band =
      method === shown
        ? `<path class="band" fill="${colourOf(m)}" d="${linePath([...points.map(({ at, high }) => [x(at), y(high)] as const), ...points.toReversed().map(({ at, low }) => [x(at), y(low)] as const)])}Z"/>`
        : '';
    return `${band}<path fill="none" stroke="${colourOf(m)}" stroke-width="1.8" d="${line}"/>`;
  });
  const shifts = [...(cells[0]?.environment ?? [])].flatMap((environment, i, all) =>
    i > 0 && environment !== all[i - 1] ? [i] : [],
  );
  const marks =
    shifts.length > 60
      ? ''
      : shifts
          .map(
            (at) =>
              `<line class="change" x1="${x(at).toFixed(1)}" x2="${x(at).toFixed(1)}" y1="${TOP}" y2="${BOTTOM}"/>`,
          )
          .join('');
  const [only, ...others] = cells[0]?.environments ?? [];
  const title =
    only !== undefined && others.length === 0 && stream === environmentName(only) ? environmentLabel(stream) : stream;
  return `<figure><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(`Accuracy over ${title}`)}"><text class="environment" x="${LEFT}" y="13">${escapeHtml(title)}</text>${grid.join('')}${marks}${lines.join('')}<text x="${WIDTH - RIGHT}" y="${HEIGHT - 4}" text-anchor="end">${formatCount(length)} images</text></svg></figure>`;
}

/** Accuracy of equal pieces of a stream, with the 95% interval. */
export function pieces({
  predicted,
  label,
}: Pick<CellResult, 'predicted' | 'label'>): { at: number; accuracy: number; low: number; high: number }[] {
  const count = Math.max(1, Math.min(POINTS, Math.floor(predicted.length / 25)));
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [Math.floor((i * predicted.length) / count), Math.floor(((i + 1) * predicted.length) / count)];
    const right = predicted.slice(from, to).filter((each, j) => each === label[from + j]).length;
    const [low, high] = wilson(right, to - from);
    return { at: (from + to) / 2, accuracy: right / (to - from), low, high };
  });
}
