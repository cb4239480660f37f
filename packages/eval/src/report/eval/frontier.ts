import { formatBytes, formatPercent } from '../../format/format.js';
import type { MethodNeeds } from '../../methods/eval-method.js';
import type { MethodSummary } from '../../run/method-summary.js';
import { escapeHtml, linearScale, linePath, niceCeiling } from '../svg.js';
import { colourOf } from './names.js';

const [WIDTH, HEIGHT] = [460, 280];
const [LEFT, RIGHT, TOP, BOTTOM] = [48, 20, 24, 240];

/**
 * What accuracy costs: every method as a point over what it sends, as two SVG elements, by share of images and by
 * bytes.
 */
export function frontiers(methods: readonly MethodSummary[]): string {
  const charts = [
    frontier('images uploaded', methods, ({ changed }) => changed.uploaded, formatPercent),
    frontier(
      'bytes up and down for 1,000 images',
      methods,
      ({ changed }) => changed.bytesUpPerThousand + changed.bytesDownPerThousand,
      formatBytes,
    ),
  ];
  return `<div class="pair">${charts.join('')}</div>`;
}

function frontier(
  title: string,
  methods: readonly MethodSummary[],
  cost: (method: MethodSummary) => number,
  format: (cost: number) => string,
): string {
  const most = niceCeiling(Math.max(...methods.map(cost)));
  const shares = methods.flatMap(({ changed }) => [changed.low, changed.high]);
  const [floor, ceiling] = [Math.floor(Math.min(...shares) * 10) / 10, Math.ceil(Math.max(...shares) * 10) / 10];
  const x = linearScale([0, most], [LEFT + 8, WIDTH - RIGHT]);
  const y = linearScale([floor, ceiling], [BOTTOM, TOP]);
  const rows = [floor, (floor + ceiling) / 2, ceiling].map(
    (share) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(share)}" y2="${y(share)}"/><text x="${LEFT - 6}" y="${y(share) + 4}" text-anchor="end">${Math.round(share * 100)}%</text>`,
  );
  const ticks = [0, most / 2, most].map(
    (value) =>
      `<text x="${x(value)}" y="${BOTTOM + 16}" text-anchor="${value === most ? 'end' : 'middle'}">${value === 0 ? '0' : format(value)}</text>`,
  );
  const front = unbeaten(
    methods.filter(({ needs }) => !asksMuch(needs)),
    cost,
  );
  const line = front.map((method) => [x(cost(method)), y(method.changed.accuracy)] as const);
  const along = `<path class="front" fill="none" d="${linePath(line)}"/>`;
  const names = front.map((method) => {
    const px = x(cost(method));
    const isLeft = px > (LEFT + WIDTH - RIGHT) / 2;
    return `<text x="${(px + (isLeft ? -10 : 10)).toFixed(1)}" y="${(y(method.changed.accuracy) - 9).toFixed(1)}"${isLeft ? ' text-anchor="end"' : ''}>${escapeHtml(method.method)}</text>`;
  });
  const points = methods.map((method, m) => {
    const [px, { accuracy, low, high }] = [x(cost(method)), method.changed];
    const hover = `${method.method}: ${formatPercent(accuracy)} for ${format(cost(method))}`;
    return `<g><title>${escapeHtml(hover)}</title><line x1="${px.toFixed(1)}" x2="${px.toFixed(1)}" y1="${y(low).toFixed(1)}" y2="${y(high).toFixed(1)}" stroke="${colourOf(m)}" stroke-width="1.5"/><circle cx="${px.toFixed(1)}" cy="${y(accuracy).toFixed(1)}" r="5" fill="${asksMuch(method.needs) ? 'var(--page)' : colourOf(m)}" stroke="${colourOf(m)}" stroke-width="2"/></g>`;
  });
  return `<figure><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(`Accuracy over ${title}`)}">${rows.join('')}${ticks.join('')}${along}${points.join('')}${names.join('')}<text x="${WIDTH - RIGHT}" y="${BOTTOM + 34}" text-anchor="end">${escapeHtml(title)}</text></svg></figure>`;
}

/** Of a device: more than to predict one image after the other. */
const asksMuch = ({ batches, gradients }: MethodNeeds): boolean => batches || gradients;

/** Methods that are better than all that cost no more, the cheapest first. */
function unbeaten(methods: readonly MethodSummary[], cost: (method: MethodSummary) => number): MethodSummary[] {
  const front: MethodSummary[] = [];
  const inOrder = [...methods].sort((a, b) => cost(a) - cost(b) || b.changed.accuracy - a.changed.accuracy);
  for (const method of inOrder)
    if (method.changed.accuracy > (front.at(-1)?.changed.accuracy ?? -1)) front.push(method);
  return front;
}
