import type { CellResult } from './cell.js';

/** How many of some predictions were right, and how sure they were. */
export interface Score {
  readonly images: number;
  /** Share of right predictions, and its 95% confidence interval (Wilson 1927); NaN without images. */
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  /** Mean entropy of the predictions, in nats. */
  readonly entropy: number;
  /** Expected calibration error, 15 bins of equal width (Guo et al. 2017). */
  readonly calibrationError: number;
  /** Mean confidence of right and of wrong predictions: an overconfident model is as sure of the wrong ones. */
  readonly confidenceRight: number;
  readonly confidenceWrong: number;
  /** Share of the images that were uploaded. */
  readonly uploaded: number;
  /** Of messages, for 1,000 predictions. */
  readonly bytesUpPerThousand: number;
  readonly bytesDownPerThousand: number;
}

/** Some images of a cell. */
export interface Part {
  readonly cell: CellResult;
  readonly positions: readonly number[];
}

const Z = 1.959964;
const BINS = 15;

/** The 95% interval of a share (Wilson, "Probable inference", 1927). */
export function wilson(right: number, of: number): readonly [low: number, high: number] {
  if (of === 0) return [Number.NaN, Number.NaN];
  const share = right / of;
  const centre = (share + Z ** 2 / (2 * of)) / (1 + Z ** 2 / of);
  const half = (Z / (1 + Z ** 2 / of)) * Math.sqrt((share * (1 - share)) / of + Z ** 2 / (4 * of ** 2));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

/** Sums parts up. */
export function scoreOf(parts: readonly Part[]): Score {
  const seen = parts.flatMap(({ cell, positions }) =>
    positions.map((i) => ({
      isRight: cell.predicted[i] === cell.label[i],
      confidence: cell.confidence[i] as number,
      entropy: cell.entropy[i] as number,
    })),
  );
  const images = seen.length;
  const right = seen.filter(({ isRight }) => isRight);
  const wrong = seen.filter(({ isRight }) => !isRight);
  const [low, high] = wilson(right.length, images);
  let [uploads, up, down] = [0, 0, 0];
  for (const { cell, positions } of parts) {
    const inside = new Set(positions);
    uploads += cell.uploads.filter(([position]) => inside.has(position)).length;
    for (const [position, sent, received] of cell.bytes) {
      if (!inside.has(position)) continue;
      up += sent;
      down += received;
    }
  }
  return {
    ...{ images, accuracy: right.length / images, low, high },
    entropy: mean(seen.map(({ entropy }) => entropy)),
    calibrationError: calibrationError(seen),
    confidenceRight: mean(right.map(({ confidence }) => confidence)),
    confidenceWrong: mean(wrong.map(({ confidence }) => confidence)),
    uploaded: uploads / images,
    bytesUpPerThousand: (1000 * up) / images,
    bytesDownPerThousand: (1000 * down) / images,
  };
}

/** Predictions by confidence: what a reliability diagram shows. */
export interface ReliabilityBin {
  readonly count: number;
  readonly confidence: number;
  readonly accuracy: number;
}

export function reliability(
  seen: readonly { readonly isRight: boolean; readonly confidence: number }[],
): ReliabilityBin[] {
  return Array.from({ length: BINS }, (_, bin) => {
    const inside = seen.filter(({ confidence }) => Math.min(BINS - 1, Math.floor(confidence * BINS)) === bin);
    return {
      count: inside.length,
      confidence: mean(inside.map((each) => each.confidence)),
      accuracy: mean(inside.map(({ isRight }) => (isRight ? 1 : 0))),
    };
  });
}

function calibrationError(seen: readonly { readonly isRight: boolean; readonly confidence: number }[]): number {
  const bins = reliability(seen).filter(({ count }) => count > 0);
  return bins.reduce(
    (sum, { count, confidence, accuracy }) => sum + (count / seen.length) * Math.abs(confidence - accuracy),
    0,
  );
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
