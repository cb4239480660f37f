import { accuracyCurve, type DemoEvent, type DemoRecord, type DeviceRecord, imagesPerDevice } from '@renorm/eval';
import { formatBytes, formatCount, formatDuration, formatEnvironment, formatPercent } from '@renorm/eval/format';

/** Seconds between two lines of a device: in a run of a minute, and in one of several. */
const [QUICK_SECONDS, LONG_SECONDS] = [5, 15];

/**
 * What an event has to say to a log: a few words at the turning points, and each device every few seconds and at the
 * end of an environment.
 */
export function plainLine(event: DemoEvent, record: DemoRecord): string[] {
  switch (event.kind) {
    case 'starting':
      return ['Starting the cloud and the devices …'];
    case 'streaming':
      return beginning(record);
    case 'chunk':
      return isDue(event.device, record.plan.quick ? QUICK_SECONDS : LONG_SECONDS)
        ? [deviceLine(record, event.device)]
        : [];
    case 'finished':
      return [];
  }
}

/** Who sees what, and what the columns are. */
function beginning({ plan, address, devices }: DemoRecord): string[] {
  return [
    `The cloud listens at ${address}. ${devices.length} devices predict one image after the other:`,
    ...plan.cohorts.map(({ devices: names, environments }) => {
      const seen = environments.map(({ name, images }) => `${formatCount(images)} ${formatEnvironment(name)}`);
      return `  ${names.join(' and ')}: ${seen.join(', then ')}`;
    }),
    `adapted: right among the latest ${plan.window} images, with the versions that the cloud sends; unadapted: on the same images, the model as it was exported.`,
  ];
}

function isDue({ chunks, cohort }: DeviceRecord, everySeconds: number): boolean {
  const [before, last] = [chunks.at(-2), chunks.at(-1)];
  if (last === undefined) return false;
  const slot = (seconds: number): number => Math.floor(seconds / everySeconds);
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
  const left = (last.seconds / last.images) * (imagesPerDevice(device.cohort) - last.images);
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
    ...(left < 1 ? [] : [`about ${formatDuration(left)} left`]),
  ].join('  ');
}
