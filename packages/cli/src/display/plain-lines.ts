import { accuracyCurve, type DemoEvent, type DemoRecord, type DeviceRecord } from '@renorm/eval';
import { formatBytes, formatCount, formatDuration, formatEnvironment, formatPercent } from '@renorm/eval/format';

/** Seconds between two lines of a device. */
const EVERY_SECONDS = 5;

/** What an event has to say to a log: a few words at the turning points, and each device every few seconds and at the end of an environment. */
export function plainLine(event: DemoEvent, record: DemoRecord): string[] {
  switch (event.kind) {
    case 'starting':
      return ['Starting the cloud and the devices …'];
    case 'streaming':
      return [
        `The cloud listens at ${record.address}; ${record.devices.length} devices replay their streams, round by round.`,
      ];
    case 'chunk':
      return isDue(event.device) ? [deviceLine(record, event.device)] : [];
    case 'finished':
      return [];
  }
}

function isDue({ chunks, cohort }: DeviceRecord): boolean {
  const [before, last] = [chunks.at(-2), chunks.at(-1)];
  if (last === undefined) return false;
  const slot = (seconds: number): number => Math.floor(seconds / EVERY_SECONDS);
  const inEnvironment = chunks
    .filter(({ environment }) => environment === last.environment)
    .reduce((sum, { count }) => sum + count, 0);
  return (
    slot(last.seconds) !== slot(before?.seconds ?? 0) || inEnvironment === cohort.environments[last.environment]?.images
  );
}

function deviceLine({ plan }: DemoRecord, device: DeviceRecord): string {
  const last = device.chunks.at(-1);
  const point = accuracyCurve(plan, device).at(-1);
  if (last === undefined || point === undefined) return device.id;
  const environment = device.cohort.environments[last.environment]?.name ?? '';
  return [
    formatDuration(last.seconds),
    device.id.padEnd(12),
    formatEnvironment(environment).padEnd(14),
    `${formatCount(last.images).padStart(6)} images`,
    `adapted ${formatPercent(point.adapted).padStart(6)}`,
    `unadapted ${formatPercent(point.unadapted).padStart(6)}`,
    `uploaded ${formatPercent(last.uploaded / last.images).padStart(5)}`,
    `up ${formatBytes(last.bytesUp).padStart(7)}`,
    `down ${formatBytes(last.bytesDown).padStart(7)}`,
    `version ${last.version}`,
  ].join('  ');
}
