import { drawDistinct } from '../../models/random.js';
import type { AdaptationOptions } from './options.js';

/**
 * The replay buffer: the latest trained samples of a cohort's log, first in, first out. Positions count from 0 for
 * ever.
 */
export interface ReplayWindow {
  /** Position of the oldest sample that is kept. */
  readonly from: number;
  /** Position behind the newest. */
  readonly to: number;
}

/** The window when `trained` samples have been trained on. */
export function replayWindow(trained: number, { replayCapacity }: AdaptationOptions): ReplayWindow {
  return { from: Math.max(0, trained - replayCapacity), to: trained };
}

/**
 * Positions of samples to replay beside new ones, and the generator's next state. None before the buffer holds enough.
 */
export function drawReplay(
  window: ReplayWindow,
  random: number,
  options: AdaptationOptions,
): { positions: number[]; random: number } {
  const held = window.to - window.from;
  if (held < options.replayStartsAt) return { positions: [], random };
  return draw(window, random, options.replaySamplesPerStep);
}

/** Positions for an idle step; none unless the buffer holds more than enough. */
export function drawIdle(
  window: ReplayWindow,
  random: number,
  options: AdaptationOptions,
): { positions: number[]; random: number } {
  const held = window.to - window.from;
  if (!options.idleReplay || held <= options.replayStartsAt) return { positions: [], random };
  return draw(window, random, options.idleReplayBatch);
}

function draw({ from, to }: ReplayWindow, random: number, count: number): { positions: number[]; random: number } {
  const { values, state } = drawDistinct(random, to - from, count);
  return { positions: values.map((value) => from + value), random: state };
}
