import { imagesPerDevice } from '../demo/plan.js';
import { accuracyCurve, type CurvePoint, type DemoRecord, type DeviceRecord, versionMarks } from '../demo/record.js';
import { formatCount, formatPercent } from '../format/format.js';
import { endLabels, environmentBands, frameOf, gridLine } from './frame.js';
import { escapeHtml, linearScale, linePath } from './svg.js';

const HEIGHT = 300;
const TOP = 34;
const BOTTOM = 244;
/** Versions that get their number written, at most. */
const NUMBERED = 12;

/**
 * Accuracy of both models over the images of one device as an SVG element; environments as bands, versions as marks
 * below.
 */
export function accuracyChart({ plan }: DemoRecord, device: DeviceRecord): string {
  const frame = frameOf(device);
  const { x, left, right, width } = frame;
  const curve = accuracyCurve(plan, device);
  const lowest = Math.min(...curve.flatMap(({ adapted, unadapted }) => [adapted, unadapted]));
  const floor = lowest > 0.5 ? 0.5 : 0;
  const y = linearScale([floor, 1], [BOTTOM, TOP]);
  const line = (kind: 'adapted' | 'unadapted'): string =>
    byEnvironment(curve)
      .map(
        (points) =>
          `<path class="line ${kind}" d="${linePath(points.map((point) => [x(point.images), y(point[kind])] as const))}"/>`,
      )
      .join('');
  const last = curve.at(-1);
  const labels =
    last === undefined
      ? []
      : (['adapted', 'unadapted'] as const).map((kind) => ({
          y: y(last[kind]),
          text: `${formatPercent(last[kind])} ${kind}`,
          kind,
        }));
  const grid = [0, 0.25, 0.5, 0.75, 1]
    .filter((share) => share >= floor)
    .map((share) => gridLine(frame, y(share), `${share * 100}%`));
  const images = imagesPerDevice(device.cohort);
  return `<svg viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label="${escapeHtml(`Accuracy of ${device.id} with and without adaptation`)}">
${environmentBands(device, frame, TOP, BOTTOM, true)}
${grid.join('')}
${line('unadapted')}${line('adapted')}
${endLabels(frame, labels)}
${versions(device, x)}
<text class="tick" x="${left}" y="${HEIGHT - 10}">0</text>
<text class="tick" x="${width - right}" y="${HEIGHT - 10}" text-anchor="end">${formatCount(images)} images</text>
<text class="tick" x="${width - right + 8}" y="${BOTTOM + 20}">model versions</text>
</svg>`;
}

/** A curve cut where the environment changes: the window starts anew there. */
function byEnvironment(curve: readonly CurvePoint[]): CurvePoint[][] {
  const pieces: CurvePoint[][] = [];
  for (const point of curve) {
    const piece = pieces.at(-1);
    if (piece === undefined || piece[0]?.environment !== point.environment) pieces.push([point]);
    else piece.push(point);
  }
  return pieces;
}

function versions(device: DeviceRecord, x: (images: number) => number): string {
  const marks = versionMarks(device);
  const every = Math.ceil(marks.length / NUMBERED);
  return marks
    .map(({ version, images }, i) => {
      const at = x(images).toFixed(1);
      const number =
        i % every === 0
          ? `<text class="version" x="${at}" y="${BOTTOM + 30}" text-anchor="middle">${version}</text>`
          : '';
      return `<line class="mark" x1="${at}" x2="${at}" y1="${BOTTOM + 4}" y2="${BOTTOM + (number === '' ? 12 : 18)}"/>${number}`;
    })
    .join('');
}
