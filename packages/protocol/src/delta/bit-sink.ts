/** Where the bits of a difference go: into a stream, or onto the scales. */
export interface BitSink {
  /** A bit in a context whose probability is learnt. */
  bit(context: number, bit: number): void;
  /** A bit that is as likely 0 as 1. */
  even(bit: number): void;
}
