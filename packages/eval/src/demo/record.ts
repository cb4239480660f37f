import type { ChunkReport, CohortReport, DeviceCounters, Outcomes } from './messages.js';
import type { CohortPlan, DemoPlan } from './plan.js';

/** Everything that one device has reported. */
export interface DeviceRecord {
  readonly id: string;
  readonly cohort: CohortPlan;
  readonly chunks: ChunkReport[];
  /** The latest counters: those of the last chunk, or of the end. */
  counters: DeviceCounters;
  done: boolean;
}

/** A run as far as it has come. Grows in place; what shows it reads it whenever it likes. */
export interface DemoRecord {
  readonly plan: DemoPlan;
  /** host:port of the cloud; empty until it listens. */
  address: string;
  readonly devices: readonly DeviceRecord[];
  /** Latest report of the cloud by cohort. */
  readonly cohorts: Map<string, CohortReport>;
}

export function emptyRecord(plan: DemoPlan): DemoRecord {
  const counters = { selected: 0, uploaded: 0, bytesUp: 0, bytesDown: 0, version: 0, connected: false };
  const devices = plan.cohorts.flatMap((cohort) =>
    cohort.devices.map((id) => ({
      id,
      cohort,
      chunks: [] as ChunkReport[],
      counters: counters as DeviceCounters,
      done: false,
    })),
  );
  return { plan, address: '', devices, cohorts: new Map() };
}

/** Sums of outcomes. */
export function total(outcomes: readonly Outcomes[]): Outcomes {
  const sum = (pick: (one: Outcomes) => number): number => outcomes.reduce((all, one) => all + pick(one), 0);
  return {
    count: sum((one) => one.count),
    bothRight: sum((one) => one.bothRight),
    onlyAdaptedRight: sum((one) => one.onlyAdaptedRight),
    onlyUnadaptedRight: sum((one) => one.onlyUnadaptedRight),
  };
}

/** Share of right predictions of the adapted model, 0 to 1; NaN without images. */
export const adaptedAccuracy = (one: Outcomes): number => (one.bothRight + one.onlyAdaptedRight) / one.count;

/** Share of right predictions of the model as exported, 0 to 1; NaN without images. */
export const unadaptedAccuracy = (one: Outcomes): number => (one.bothRight + one.onlyUnadaptedRight) / one.count;

/** A point of an accuracy curve. */
export interface CurvePoint {
  readonly environment: number;
  readonly images: number;
  readonly adapted: number;
  readonly unadapted: number;
}

/**
 * Accuracy over the last `plan.window` images at each report. The window starts anew with each environment, so that no
 * point mixes two of them; an environment's first points therefore rest on fewer images.
 */
export function accuracyCurve(plan: DemoPlan, device: DeviceRecord): CurvePoint[] {
  const reach = plan.window / plan.chunk;
  return device.chunks.map((chunk, i) => {
    const latest = device.chunks
      .slice(Math.max(0, i + 1 - reach), i + 1)
      .filter(({ environment }) => environment === chunk.environment);
    const sums = total(latest);
    return {
      environment: chunk.environment,
      images: chunk.images,
      adapted: adaptedAccuracy(sums),
      unadapted: unadaptedAccuracy(sums),
    };
  });
}

/** A version as a device first ran it. */
export interface VersionMark {
  readonly version: number;
  /** Images that the device had seen by then. */
  readonly images: number;
}

/** Where in its stream a device changed to a newer version, to the nearest report. */
export function versionMarks(device: DeviceRecord): VersionMark[] {
  const marks: VersionMark[] = [];
  for (const { version, images } of device.chunks) {
    if (version > (marks.at(-1)?.version ?? 0)) marks.push({ version, images });
  }
  return marks;
}
