import { RenormError } from '@renorm/protocol';

/** What a device may send and receive, as the bytes of its messages (`status().bytesUp` and `bytesDown` together). */
export interface ByteBudgetOptions {
  /** Bytes in any hour at most. Default: no bound. */
  readonly bytesPerHour: number;
  /** Bytes in any 24 hours at most. Default: no bound. */
  readonly bytesPerDay: number;
}

export const BYTE_BUDGET_DEFAULTS: ByteBudgetOptions = {
  bytesPerHour: Number.POSITIVE_INFINITY,
  bytesPerDay: Number.POSITIVE_INFINITY,
};

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A slice counts as long as any of it is in the window: a minute of an hour, ten of a day. */
const SLICE = { hour: MINUTE, day: 10 * MINUTE } as const;
/** Uploads leave so much of a bound for versions that come. */
const RESERVE = 0.02;

/** Bytes that went over the link from a moment on, for the length of a slice. */
interface Slice {
  /** Monotonic, in milliseconds. */
  readonly since: number;
  readonly bytes: number;
}

/** What went over the link of late. Never changed in place. */
export interface ByteBudget {
  readonly hour: readonly Slice[];
  readonly day: readonly Slice[];
  /** The most that came at once. */
  readonly largest: number;
}

export const UNSPENT: ByteBudget = { hour: [], day: [], largest: 0 };

/** Fills in the defaults. @throws RenormError REQUEST_INVALID */
export function resolveByteBudget(options: Partial<ByteBudgetOptions> = {}): ByteBudgetOptions {
  const all = { ...BYTE_BUDGET_DEFAULTS, ...options };
  for (const [name, value] of Object.entries(all)) {
    if (value >= 10_000) continue;
    const text = `the option budget.${name} is ${value}; it has to be at least 10000 bytes: connecting alone takes some hundred.`;
    throw new RenormError('REQUEST_INVALID', text);
  }
  return all;
}

/** Whether anything is bounded. */
export const isBounded = ({ bytesPerHour, bytesPerDay }: ByteBudgetOptions): boolean =>
  Number.isFinite(bytesPerHour) || Number.isFinite(bytesPerDay);

/**
 * Bytes went over the link.
 *
 * @param down how many of them came
 * @param at now, in milliseconds of the monotonic clock
 */
export function spend(budget: ByteBudget, bytes: number, down: number, at: number): ByteBudget {
  if (bytes === 0) return budget;
  return {
    hour: added(budget.hour, bytes, at, SLICE.hour, HOUR),
    day: added(budget.day, bytes, at, SLICE.day, DAY),
    largest: Math.max(budget.largest, down),
  };
}

function added(slices: readonly Slice[], bytes: number, at: number, length: number, window: number): readonly Slice[] {
  const recent = slices.filter(({ since }) => since + length > at - window);
  const last = recent.at(-1);
  if (last === undefined || last.since + length <= at) return [...recent, { since: at, bytes }];
  return [...recent.slice(0, -1), { since: last.since, bytes: last.bytes + bytes }];
}

/** Bytes that may still go over the link now, of the tighter bound; below 0 where it is exceeded. */
export function bytesLeft({ hour, day }: ByteBudget, at: number, options: ByteBudgetOptions): number {
  return Math.min(
    options.bytesPerHour - within(hour, at, SLICE.hour, HOUR),
    options.bytesPerDay - within(day, at, SLICE.day, DAY),
  );
}

const within = (slices: readonly Slice[], at: number, length: number, window: number): number =>
  slices.reduce((sum, { since, bytes }) => (since + length > at - window ? sum + bytes : sum), 0);

/** What of it uploads may take: the rest is for versions, of which nobody knows the size before they come. */
export function bytesForUploads(budget: ByteBudget, at: number, options: ByteBudgetOptions): number {
  const tighter = Math.min(options.bytesPerHour, options.bytesPerDay);
  const reserve = Math.max(RESERVE * tighter, Math.min(2 * budget.largest, tighter / 4));
  return bytesLeft(budget, at, options) - (Number.isFinite(reserve) ? reserve : 0);
}

/** What connecting takes, and a small version after it. */
const CONNECT_BYTES = 2000;

/**
 * Whether a connection is to be held: what comes over it cannot be refused, so that there has to be room for the
 * largest that came.
 */
export function mayConnect(budget: ByteBudget, at: number, options: ByteBudgetOptions): boolean {
  const tighter = Math.min(options.bytesPerHour, options.bytesPerDay);
  return bytesLeft(budget, at, options) > Math.max(CONNECT_BYTES, Math.min(budget.largest, tighter / 8));
}

/** When the next slice leaves its window, so that there is more again; undefined if nothing was spent. */
export function nextRelief({ hour, day }: ByteBudget, at: number): number | undefined {
  const ends = [
    ...hour.map(({ since }) => since + SLICE.hour + HOUR),
    ...day.map(({ since }) => since + SLICE.day + DAY),
  ].filter((end) => end > at);
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** The same on the clock of another run. @param shift what is added to each time */
export const shifted = ({ hour, day, largest }: ByteBudget, shift: number): ByteBudget => ({
  ...{ largest, hour: hour.map((slice) => ({ ...slice, since: slice.since + shift })) },
  day: day.map((slice) => ({ ...slice, since: slice.since + shift })),
});

/** One that was kept. @throws TypeError: it is none */
export function readBudget(field: (name: string) => unknown): ByteBudget {
  const slices = (name: string): readonly Slice[] => {
    const given = field(name);
    const isSlice = (value: unknown): boolean =>
      typeof value === 'object' &&
      value !== null &&
      Number.isFinite((value as Slice).since) &&
      Number.isFinite((value as Slice).bytes);
    if (!Array.isArray(given) || !given.every(isSlice)) throw new TypeError(`${name} is no list of slices`);
    return given as readonly Slice[];
  };
  return { hour: slices('hour'), day: slices('day'), largest: Number(field('largest')) || 0 };
}
