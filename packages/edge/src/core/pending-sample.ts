/** What a sample that waits is worth. */
export interface Worth {
  /**
   * `sketch`: some tens of images in the bytes of one. `fair`: drawn without regard to what is in it. `scored`: chosen
   * for its score.
   */
  readonly kind: 'sketch' | 'fair' | 'scored';
  /** The larger, the more its policy wants it learnt from; of two policies it says nothing. */
  readonly score: number;
}

/** A sample that waits to be uploaded. What is in it is kept elsewhere, under its ticket. */
export interface PendingSample extends Worth {
  /** From 1, rising, over restarts too. */
  readonly ticket: number;
  /** Names the sample within the session of uploads for ever, from 1, rising; 0 before it is first sent. */
  readonly sequence: number;
  /** The policy that selected it, and why, in its words; of a sketch nothing. */
  readonly reason?: string;
  /** Compressed bytes. */
  readonly bytes: number;
  /** When it was taken in, in milliseconds of the monotonic clock. */
  readonly at: number;
  /** The same since the Unix epoch. */
  readonly date: number;
}

/** Those that were sent before go first, for their sequences are below all that are to come. */
export const inOrderOfSending = (a: PendingSample, b: PendingSample): number =>
  placeOf(a) - placeOf(b) || a.sequence - b.sequence || a.ticket - b.ticket;

const placeOf = ({ sequence }: PendingSample): number => (sequence > 0 ? 0 : 1);
