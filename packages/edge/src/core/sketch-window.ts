import { RenormError } from '@renorm/protocol';

/** Which images sketches are made of. */
export interface SketchOptions {
  /**
   * One prediction in so many is measured; all of a burst. Default 4: the pass costs as much as two predictions an
   * image, on another thread.
   */
  readonly every: number;
  /**
   * Images of a sketch, 2 to 4,096. Default 32: as many as the version after the first dozen uploads is surpassed with,
   * and a second of a camera.
   */
  readonly window: number;
}

export const SKETCH_DEFAULTS: SketchOptions = { every: 4, window: 32 };

/** Fills in the defaults. @throws RenormError REQUEST_INVALID */
export function resolveSketchOptions(options: Partial<SketchOptions> = {}): SketchOptions {
  const all = { ...SKETCH_DEFAULTS, ...options };
  check('every', all.every, 1, 1_000_000);
  check('window', all.window, 2, 4096);
  return all;
}

function check(name: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  const text = `the option sketches.${name} is ${value}; it has to be an integer from ${least} to ${most}.`;
  throw new RenormError('REQUEST_INVALID', text);
}

/** A prediction that may become part of a sketch. */
export interface Seen {
  readonly input: Float32Array;
  readonly label: number;
  readonly entropy: number;
  readonly version: number;
}

/** Images on their way into a sketch. Never changed in place. */
export interface SketchWindow {
  readonly seen: readonly Seen[];
  /** Predictions until the next that is measured. */
  readonly wait: number;
  readonly inBurst: boolean;
}

export const EMPTY_WINDOW: SketchWindow = { seen: [], wait: 0, inBurst: false };

/**
 * Takes a prediction in, or passes it over. A burst begins a window anew: what was in it is of another environment.
 *
 * @param burst whether the selection is in a burst
 * @returns the window that is full, if it is
 */
export function gather(
  { seen: before, wait, inBurst }: SketchWindow,
  seen: Seen,
  burst: boolean,
  { every, window }: SketchOptions,
): { readonly window: SketchWindow; readonly full?: readonly Seen[] } {
  const kept = burst && !inBurst ? [] : before;
  if (!burst && wait > 0) return { window: { seen: kept, wait: wait - 1, inBurst: burst } };
  // A copy: what is uploaded as well is given away.
  const all = [...kept, { ...seen, input: seen.input.slice() }];
  const next = { wait: every - 1, inBurst: burst };
  return all.length < window ? { window: { ...next, seen: all } } : { window: { ...next, seen: [] }, full: all };
}
