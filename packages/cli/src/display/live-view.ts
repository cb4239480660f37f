import { accuracyCurve, type DemoRecord, type DeviceRecord, imagesPerDevice } from '@renorm/eval';
import { formatBytes, formatCount, formatDuration, formatEnvironment, formatPercent } from '@renorm/eval/format';
import chalk from 'chalk';
import { sparkline } from './sparkline.js';

/** Columns left of the curves, and the most that a curve takes. */
const LEFT = 34;
const WIDEST = 72;

/**
 * The state of a run as a block of lines: per cohort its environments, per device both curves and the numbers.
 * @param width of the terminal in characters
 */
export function liveView(record: DemoRecord, width: number): string {
  const seconds = Math.max(0, ...record.devices.map(({ chunks }) => chunks.at(-1)?.seconds ?? 0));
  const seen = Math.max(0, ...record.devices.map(({ chunks }) => chunks.at(-1)?.images ?? 0));
  const inAll = Math.max(...record.plan.cohorts.map(imagesPerDevice));
  const left = seen === 0 ? '' : `, about ${formatDuration((seconds / seen) * (inAll - seen))} left`;
  const time = `${formatDuration(seconds)}${left}`;
  const curve = Math.max(12, Math.min(WIDEST, width - LEFT - 1));
  return [
    `${chalk.bold('renorm demo')}  ${time}  ${chalk.dim(`cloud at ${record.address}, Ctrl-C ends it`)}`,
    ...record.plan.cohorts.flatMap(({ name }) => ['', ...cohortBlock(record, name, curve)]),
    '',
    chalk.dim(
      `Right among the latest ${record.plan.window} images; bars from ${Math.round(100 * lowest(record))}% to 100%.`,
    ),
    chalk.dim('adapted: with the versions that the cloud sends; unadapted: as exported.'),
  ].join('\n');
}

function cohortBlock(record: DemoRecord, name: string, curve: number): string[] {
  const devices = record.devices.filter(({ cohort }) => cohort.name === name);
  const { version = 0, steps = 0 } = record.cohorts.get(name) ?? {};
  const title = `${chalk.bold(`cohort ${name}`)}  ${chalk.dim(`version ${version} after ${formatCount(steps)} training steps`)}`;
  return [title, environments(devices[0], curve), ...devices.flatMap((device) => deviceBlock(record, device, curve))];
}

/** The names of the environments above the place of the curves where each begins; the present one stands out. */
function environments(device: DeviceRecord | undefined, curve: number): string {
  if (device === undefined) return '';
  const total = imagesPerDevice(device.cohort);
  const present = device.chunks.at(-1)?.environment ?? 0;
  const names = device.cohort.environments.map(({ name, images }, i) => {
    const room = Math.max(3, Math.round((images / total) * curve));
    const text = formatEnvironment(name)
      .slice(0, room - 1)
      .padEnd(room);
    return i === present ? chalk.cyan(text) : chalk.dim(text);
  });
  return `${' '.repeat(LEFT)}${names.join('')}`;
}

function deviceBlock(record: DemoRecord, device: DeviceRecord, width: number): string[] {
  const points = accuracyCurve(record.plan, device);
  const length = imagesPerDevice(device.cohort) / record.plan.chunk;
  const images = device.chunks.at(-1)?.images ?? 0;
  const { uploaded, bytesUp, bytesDown, version, connected } = device.counters;
  const line = (kind: 'adapted' | 'unadapted', label: string, colour: (text: string) => string): string => {
    const bars = sparkline(
      points.map((point) => point[kind]),
      [lowest(record), 1],
      width,
      length,
    );
    const share = formatPercent(points.at(-1)?.[kind] ?? Number.NaN).padStart(6);
    return `  ${label.padEnd(12)} ${kind.padEnd(9)}  ${colour(share)}  ${colour(bars)}`.trimEnd();
  };
  const numbers = [
    `${formatCount(images)} images`,
    `${formatPercent(images === 0 ? 0 : uploaded / images)} uploaded`,
    `${formatBytes(bytesUp)} up`,
    `${formatBytes(bytesDown)} down`,
    `version ${version}`,
  ];
  return [
    line('adapted', device.id, chalk.green),
    line('unadapted', images > 0 && !connected ? 'no cloud' : '', chalk.magenta),
    `${' '.repeat(15)}${chalk.dim(numbers.join('  '))}`,
  ];
}

/** The foot of the bars: the lowest accuracy so far, rounded down to a tenth. */
function lowest(record: DemoRecord): number {
  const shares = record.devices.flatMap((device) =>
    accuracyCurve(record.plan, device).flatMap(({ adapted, unadapted }) => [adapted, unadapted]),
  );
  return Math.max(0, Math.floor(Math.min(0.8, ...shares) * 10 - 1) / 10);
}
