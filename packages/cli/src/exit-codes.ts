/** What the exit code of a command says, beside 0 for success and 128 and the number of a signal that ended it. */
export const EXIT = {
  /** An error, printed to stderr. */
  failed: 1,
  /** `renorm edge`: predictions were made, and samples that were kept for the cloud are lost. */
  samplesLost: 3,
  /** `renorm edge`: predictions were made, and the cloud never answered. */
  noCloud: 4,
  /** `renorm inspect`: the model cannot be used as it is. */
  notReady: 5,
} as const;
