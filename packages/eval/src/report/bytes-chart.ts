import type { DeviceRecord } from '../demo/record.js';
import { formatBytes } from '../format/format.js';
import { endLabels, environmentBands, frameOf, gridLine } from './frame.js';
import { escapeHtml, linearScale, linePath, niceCeiling } from './svg.js';

const HEIGHT = 120;
const TOP = 12;
const BOTTOM = 104;

/**
 * Bytes that one device has sent and received over its images, summed, as an SVG element that lines up with the
 * accuracy chart.
 */
export function bytesChart(device: DeviceRecord): string {
  const frame = frameOf(device);
  const { bytesUp, bytesDown } = device.counters;
  const most = niceCeiling(Math.max(bytesUp, bytesDown));
  const y = linearScale([0, most], [BOTTOM, TOP]);
  const line = (kind: 'up' | 'down', bytes: (chunk: DeviceRecord['chunks'][number]) => number): string =>
    `<path class="line ${kind}" d="${linePath([[frame.x(0), y(0)], ...device.chunks.map((chunk) => [frame.x(chunk.images), y(bytes(chunk))] as const)])}"/>`;
  return `<svg viewBox="0 0 ${frame.width} ${HEIGHT}" role="img" aria-label="${escapeHtml(`Bytes sent and received by ${device.id}`)}">
${environmentBands(device, frame, TOP, BOTTOM, false)}
${[0, most / 2, most].map((bytes) => gridLine(frame, y(bytes), axisLabel(bytes))).join('')}
${line('up', (chunk) => chunk.bytesUp)}${line('down', (chunk) => chunk.bytesDown)}
${endLabels(frame, [
  { y: y(bytesUp), text: `${formatBytes(bytesUp)} up`, kind: 'up' },
  { y: y(bytesDown), text: `${formatBytes(bytesDown)} down`, kind: 'down' },
])}
</svg>`;
}

/** Round numbers need no decimals: '500 kB', '2.5 MB'. */
function axisLabel(bytes: number): string {
  return bytes === 0
    ? '0'
    : formatBytes(bytes)
        .replace(/(\.\d*?)0+ /, '$1 ')
        .replace('. ', ' ');
}
