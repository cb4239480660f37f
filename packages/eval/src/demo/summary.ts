import type { ChunkReport, Outcomes } from './messages.js';
import type { Environment } from './plan.js';
import { adaptedAccuracy, type DemoRecord, type DeviceRecord, total, unadaptedAccuracy } from './record.js';
import { type Comparison, compare } from './verdict.js';

/** How one device fared in one environment. Accuracies are shares, 0 to 1. */
export interface EnvironmentSummary {
  readonly environment: Environment['name'];
  readonly severity: number;
  readonly images: number;
  /** Over all images of the environment. */
  readonly unadapted: number;
  readonly adapted: number;
  /** Of the adapted model over the first and the last part, and of the unadapted model over the same images. */
  readonly adaptedFirst: number;
  readonly adaptedLast: number;
  readonly unadaptedFirst: number;
  readonly unadaptedLast: number;
  /** The last part, both models on the same images. */
  readonly last: Comparison;
  /** Share of the environment's images that were selected for upload. */
  readonly uploadedShare: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** The version that the device ran at the end of the environment. */
  readonly version: number;
}

/** How one device fared. */
export interface DeviceSummary {
  readonly id: string;
  readonly images: number;
  readonly uploaded: number;
  readonly uploadedShare: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly version: number;
  readonly environments: readonly EnvironmentSummary[];
}

/** What a run came to: plain data, the JSON that `renorm demo --json` prints. */
export interface DemoSummary {
  readonly seed: number;
  readonly quick: boolean;
  /** Of the stream, set-up and end apart. */
  readonly seconds: number;
  /** Images after which the cloud is done with an upload. */
  readonly imagesPerRound: number;
  readonly cohorts: readonly {
    readonly name: string;
    readonly version: number;
    readonly steps: number;
    readonly devices: readonly DeviceSummary[];
  }[];
  /** All devices, last parts: of the clean images and of the changed environments. */
  readonly clean: Comparison;
  readonly changed: Comparison;
  /** Path of the HTML report; absent if none was written. */
  readonly report?: string;
}

/** Sums a finished run up. */
export function summarise(record: DemoRecord): DemoSummary {
  const { plan } = record;
  const lastParts = (clean: boolean): Outcomes[] =>
    record.devices.flatMap((device) =>
      device.cohort.environments.flatMap(({ name }, i) =>
        (name === 'clean') === clean ? [parts(record, device, i).last] : [],
      ),
    );
  return {
    seed: plan.seed,
    quick: plan.quick,
    seconds: Math.max(...record.devices.map(({ chunks }) => chunks.at(-1)?.seconds ?? 0)),
    imagesPerRound: plan.round,
    cohorts: plan.cohorts.map(({ name }) => ({
      name,
      version: record.cohorts.get(name)?.version ?? 0,
      steps: record.cohorts.get(name)?.steps ?? 0,
      devices: record.devices
        .filter(({ cohort }) => cohort.name === name)
        .map((device) => summariseDevice(record, device)),
    })),
    clean: compare(total(lastParts(true))),
    changed: compare(total(lastParts(false))),
  };
}

function summariseDevice(record: DemoRecord, device: DeviceRecord): DeviceSummary {
  const { uploaded, bytesUp, bytesDown, version } = device.counters;
  const images = device.chunks.at(-1)?.images ?? 0;
  const environments = device.cohort.environments.map((_, i) => summariseEnvironment(record, device, i));
  return {
    id: device.id,
    images,
    uploaded,
    uploadedShare: uploaded / images,
    bytesUp,
    bytesDown,
    version,
    environments,
  };
}

function summariseEnvironment(record: DemoRecord, device: DeviceRecord, index: number): EnvironmentSummary {
  const environment = device.cohort.environments[index];
  if (environment === undefined) throw new RangeError(`${device.id} has no environment ${index}`);
  const { all, first, last } = parts(record, device, index);
  const before = device.chunks.filter((chunk) => chunk.environment < index).at(-1);
  const isLast = index === device.cohort.environments.length - 1;
  // What was still under way when the stream ended belongs to the last environment.
  const after = isLast ? device.counters : chunksOf(device, index).at(-1);
  return {
    environment: environment.name,
    severity: environment.severity,
    images: all.count,
    unadapted: unadaptedAccuracy(all),
    adapted: adaptedAccuracy(all),
    adaptedFirst: adaptedAccuracy(first),
    adaptedLast: adaptedAccuracy(last),
    unadaptedFirst: unadaptedAccuracy(first),
    unadaptedLast: unadaptedAccuracy(last),
    last: compare(last),
    uploadedShare: ((after?.selected ?? 0) - (before?.selected ?? 0)) / all.count,
    bytesUp: (after?.bytesUp ?? 0) - (before?.bytesUp ?? 0),
    bytesDown: (after?.bytesDown ?? 0) - (before?.bytesDown ?? 0),
    version: after?.version ?? 0,
  };
}

const chunksOf = (device: DeviceRecord, index: number): ChunkReport[] =>
  device.chunks.filter(({ environment }) => environment === index);

/** Outcomes in an environment as a whole and in its first and last part. */
function parts(
  { plan }: DemoRecord,
  device: DeviceRecord,
  index: number,
): { all: Outcomes; first: Outcomes; last: Outcomes } {
  const chunks = chunksOf(device, index);
  const length = Math.max(1, Math.round(chunks.length * plan.part));
  return { all: total(chunks), first: total(chunks.slice(0, length)), last: total(chunks.slice(-length)) };
}
