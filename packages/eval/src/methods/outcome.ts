/** What a method did on a stream. */
export interface Outcome {
  /** Share of right predictions, 0 to 1. */
  readonly accuracy: number;
  /** Share of samples uploaded, 0 to 1. */
  readonly uploaded: number;
  /** Bytes of protocol messages that the device sent and received for 1,000 predictions. */
  readonly bytesUpPerThousand: number;
  readonly bytesDownPerThousand: number;
}

/** The outcome of a method that sends nothing. */
export const withoutTraffic = (accuracy: number): Outcome => ({
  accuracy,
  uploaded: 0,
  bytesUpPerThousand: 0,
  bytesDownPerThousand: 0,
});

/** The class with the largest logit in a row of a [rows, classes] array. */
export function bestClass(logits: Float32Array, classes: number, row = 0): number {
  let best = 0;
  for (let c = 1; c < classes; c++) {
    if ((logits[row * classes + c] as number) > (logits[row * classes + best] as number)) best = c;
  }
  return best;
}
