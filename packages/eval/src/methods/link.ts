/** What lies between a device and its cloud. Time is the stream's: counted in images. */
export interface LinkOptions {
  /** From an upload to the version that comes of it. */
  readonly delay: number;
  /** Share of uploads that are lost on the way, 0 to 1: their bytes are spent, and the device sends them again. */
  readonly loss: number;
  /** Stretches without a link, as [first image, first image with a link again]. */
  readonly offline: readonly (readonly [from: number, to: number])[];
  /**
   * Bytes that may be sent for 1,000 images; what is not used is kept for up to 1,000 images. Default: as many as there
   * are.
   */
  readonly budget?: number;
}

export const PERFECT_LINK: LinkOptions = { delay: 0, loss: 0, offline: [] };

/** Images whose share of the budget may be spent at the start. */
const HEAD_START = 100;

/** How many bytes may be sent; Infinity without a budget. */
export type Allowance = number;

/** Before the first image. */
export const firstAllowance = ({ budget }: LinkOptions): Allowance =>
  budget === undefined ? Number.POSITIVE_INFINITY : (budget * HEAD_START) / 1000;

/** After one more image. */
export const grown = (allowance: Allowance, { budget }: LinkOptions): Allowance =>
  budget === undefined ? allowance : Math.min(budget, allowance + budget / 1000);

/** Whether there is a link at an image. */
export const isOnline = ({ offline }: LinkOptions, index: number): boolean =>
  !offline.some(([from, to]) => index >= from && index < to);

/** What becomes of an upload of so many bytes. @param random uniform in [0, 1) */
export function carried(
  link: LinkOptions,
  allowance: Allowance,
  bytes: number,
  random: number,
): 'waits' | 'lost' | 'arrives' {
  // A message larger than the whole budget would wait for ever: it goes once the bucket is full.
  if (bytes > allowance && allowance < (link.budget ?? 0)) return 'waits';
  return random < link.loss ? 'lost' : 'arrives';
}
