import { RenormError } from '@renorm/protocol';

/** What can go on with a device without any call failing. */
export type HealthCode =
  /** Next to nothing is selected. */
  | 'SELECTION_STARVED'
  /** Nearly everything is selected. */
  | 'SELECTION_SATURATED'
  /** Samples were uploaded, and no version came of them. */
  | 'NO_VERSION'
  /** The cloud sends versions, or says that it has some, that the device may not take. */
  | 'NOTHING_TAKEN'
  /** What the device holds has expired. */
  | 'VERSION_EXPIRED'
  /** What the device remembered of versions and roots is lost. */
  | 'TRUST_MEMORY_LOST'
  /** A version was tried and does not serve, or serves no more. */
  | 'VERSION_UNFIT'
  /** As much went over the link as may in an hour or a day. */
  | 'BYTES_SPENT'
  /** What the device kept of an earlier run is lost, or part of it. */
  | 'STATE_LOST'
  /** What is to be kept over a restart cannot be written. */
  | 'STATE_NOT_KEPT';

/** Something that goes on. */
export interface Condition {
  readonly code: HealthCode;
  /** Milliseconds since the Unix epoch. */
  readonly since: number;
  /** What goes on, and what to do about it. */
  readonly remedy: string;
}

/** When something is worth a word. */
export interface HealthOptions {
  /**
   * Predictions that are looked at together. Default 1,000: at the pace of a camera a minute, and a handful of selected
   * ones more or less makes no difference.
   */
  readonly window: number;
  /**
   * At most this share of a window selected is starvation. Default 0.002: from 2 of 1,000 a cloud that trains on 32 at
   * a time learns every 16,000 predictions.
   */
  readonly starvedShare: number;
  /**
   * At least this share is saturation. Default 0.95: then uploading everything would cost the same, and the selection
   * decides nothing.
   */
  readonly saturatedShare: number;
  /**
   * Samples uploaded since the last version after which one is missed. Default 512: 16 steps of 32, after each of which
   * a cloud publishes.
   */
  readonly samplesWithoutVersion: number;
  /** Refusals in a row, over connections, after which nothing is taken. Default 3: one may be damage on the way. */
  readonly refusals: number;
}

export const HEALTH_DEFAULTS: HealthOptions = {
  window: 1000,
  starvedShare: 0.002,
  saturatedShare: 0.95,
  samplesWithoutVersion: 512,
  refusals: 3,
};

/** The conditions of a device, and what is counted for them. */
export interface Health {
  readonly conditions: readonly Condition[];
  /** Decisions of the present window, by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly decided: number;
  readonly selected: number;
  /** Samples uploaded since the last version came. */
  readonly uploadedSince: number;
  /** Versions refused in a row. */
  readonly refused: number;
}

export const HEALTHY: Health = {
  ...{ conditions: [], reasons: {}, decided: 0, selected: 0, uploadedSince: 0, refused: 0 },
};

/** Fills in the defaults. @throws RenormError REQUEST_INVALID */
export function resolveHealthOptions(options: Partial<HealthOptions> = {}): HealthOptions {
  const all = { ...HEALTH_DEFAULTS, ...options };
  for (const [name, value] of Object.entries(all)) {
    const isShare = name.endsWith('Share');
    if (isShare ? value >= 0 && value <= 1 : Number.isSafeInteger(value) && value >= 1) continue;
    const expected = isShare ? 'a share from 0 to 1' : 'an integer from 1';
    throw new RenormError('REQUEST_INVALID', `the health option ${name} is ${value}; it has to be ${expected}.`);
  }
  return all;
}

/** Something goes on. Its words may change while it does; that is not told again. */
export function begin(health: Health, code: HealthCode, date: number, remedy: string): Health {
  if (goesOn(health, code)) return health;
  return { ...health, conditions: [...health.conditions, { code, since: date, remedy }] };
}

/** It is over. */
export function end(health: Health, ...codes: readonly HealthCode[]): Health {
  if (!codes.some((code) => goesOn(health, code))) return health;
  return { ...health, conditions: health.conditions.filter(({ code }) => !codes.includes(code)) };
}

/** Whether something goes on. */
export const goesOn = ({ conditions }: Health, which: HealthCode): boolean =>
  conditions.some(({ code }) => code === which);

/** The selection decided about a prediction. Conditions come and go at the end of a window. */
export function decided(health: Health, upload: boolean, reason: string, date: number, options: HealthOptions): Health {
  const counted: Health = {
    ...health,
    reasons: { ...health.reasons, [reason]: (health.reasons[reason] ?? 0) + 1 },
    decided: health.decided + 1,
    selected: health.selected + (upload ? 1 : 0),
  };
  if (counted.decided < options.window) return counted;
  const next: Health = { ...counted, reasons: {}, decided: 0, selected: 0 };
  const share = counted.selected / counted.decided;
  if (share >= options.saturatedShare) {
    return begin(end(next, 'SELECTION_STARVED'), 'SELECTION_SATURATED', date, saturated(counted));
  }
  if (share <= options.starvedShare) {
    return begin(end(next, 'SELECTION_SATURATED'), 'SELECTION_STARVED', date, starved(counted));
  }
  return end(next, 'SELECTION_STARVED', 'SELECTION_SATURATED');
}

/** The cloud acknowledged samples. */
export function samplesUploaded(health: Health, count: number, date: number, options: HealthOptions): Health {
  const uploadedSince = health.uploadedSince + count;
  const counted = { ...health, uploadedSince };
  if (uploadedSince < options.samplesWithoutVersion) return counted;
  const remedy = `${uploadedSince} samples have been uploaded since the last version came, and none came of them; see whether the cloud trains (renorm cloud prints each step), and whether it refuses them or publishes only what is better.`;
  return begin(counted, 'NO_VERSION', date, remedy);
}

/** A version was taken. @param isNew with another number than the one before */
export function versionTaken(health: Health, isNew: boolean): Health {
  const counted = { ...health, refused: 0, uploadedSince: isNew ? 0 : health.uploadedSince };
  return isNew ? end(counted, 'NO_VERSION') : counted;
}

/** A version was refused. */
export function versionRefused(health: Health, error: RenormError, date: number, options: HealthOptions): Health {
  const refused = health.refused + 1;
  const counted = { ...health, refused };
  if (refused < options.refusals) return counted;
  const remedy = `${refused} versions in a row were refused, the last one with ${error.message} The version that predicts goes on.`;
  return begin(counted, 'NOTHING_TAKEN', date, remedy);
}

function saturated({ selected, decided }: Health): string {
  return `${selected} of the last ${decided} predictions were selected for upload; if the link does not have room for all of them, narrow the selection (for example --select random with a share).`;
}

function starved({ selected, decided, reasons }: Health): string {
  const [reason = 'nothing', count = 0] = Object.entries(reasons).sort(([, a], [, b]) => b - a)[0] ?? [];
  return `${selected} of the last ${decided} predictions were selected for upload (${count} were passed over as ${reason}), so the cloud has nothing to learn from; if accuracy has fallen, select otherwise: --select uncertain or random, or wider limits.`;
}
