import type { Picture } from './picture.js';
import type { Random } from './random.js';

export type Severity = 1 | 2 | 3 | 4 | 5;

/** What a corruption is given besides the picture. */
export interface Conditions {
  /** From 1, mild, to 5. */
  readonly severity: Severity;
  readonly random: Random;
}

export type Corruption = (picture: Picture, conditions: Conditions) => Picture | Promise<Picture>;

/** One setting for each severity. */
export type Settings<T> = readonly [T, T, T, T, T];

/** Below this short side a picture is treated as CIFAR-10-C does, from it on as ImageNet-C does. */
const SMALL_SIDE = 64;

/** The setting for a picture's size and a severity. */
export function pick<T>({ width, height }: Picture, severity: Severity, small: Settings<T>, large: Settings<T>): T {
  return (Math.min(width, height) < SMALL_SIDE ? small : large)[severity - 1] as T;
}
