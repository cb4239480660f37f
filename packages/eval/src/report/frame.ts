import { imagesPerDevice } from '../demo/plan.js';
import type { DeviceRecord } from '../demo/record.js';
import { formatEnvironment } from '../format/format.js';
import { escapeHtml, linearScale, type Scale } from './svg.js';

/** What the charts of a device share: the same width and the same axis of images, so that they line up. */
export interface Frame {
  readonly width: number;
  readonly left: number;
  readonly right: number;
  readonly x: Scale;
}

export function frameOf(device: DeviceRecord): Frame {
  const [width, left, right] = [940, 60, 132];
  return { width, left, right, x: linearScale([0, imagesPerDevice(device.cohort)], [left, width - right]) };
}

/** Bands for the environments, with their names above if there is room for them. */
export function environmentBands(
  device: DeviceRecord,
  { x }: Frame,
  top: number,
  bottom: number,
  named: boolean,
): string {
  let start = 0;
  return device.cohort.environments
    .map(({ name, severity, images }, i) => {
      const [from, to] = [x(start), x(start + images)];
      start += images;
      const label = severity === 0 ? formatEnvironment(name) : `${formatEnvironment(name)}, severity ${severity}`;
      const text = named
        ? `<text class="environment" x="${(from + 6).toFixed(1)}" y="${top - 8}">${escapeHtml(label)}</text>`
        : '';
      const edge =
        i === 0
          ? ''
          : `<line class="change" x1="${from.toFixed(1)}" x2="${from.toFixed(1)}" y1="${top - (named ? 20 : 0)}" y2="${bottom}"/>`;
      return `<rect class="band${i % 2}" x="${from.toFixed(1)}" y="${top}" width="${(to - from).toFixed(1)}" height="${bottom - top}"/>${edge}${text}`;
    })
    .join('');
}

/** A horizontal grid line with its label on the left. */
export function gridLine({ width, left, right }: Frame, y: number, label: string): string {
  return `<line class="grid" x1="${left}" x2="${width - right}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}"/><text class="tick" x="${left - 8}" y="${(y + 4).toFixed(1)}" text-anchor="end">${label}</text>`;
}

/** Labels at the right end of lines, moved apart where they would overlap. */
export function endLabels(
  { width, right }: Frame,
  labels: readonly { readonly y: number; readonly text: string; readonly kind: string }[],
): string {
  const apart = 16;
  const sorted = [...labels].sort((a, b) => a.y - b.y);
  let previous = Number.NEGATIVE_INFINITY;
  return sorted
    .map(({ y, text, kind }) => {
      previous = Math.max(y, previous + apart);
      return `<text class="end ${kind}" x="${width - right + 8}" y="${(previous + 4).toFixed(1)}">${escapeHtml(text)}</text>`;
    })
    .join('');
}
