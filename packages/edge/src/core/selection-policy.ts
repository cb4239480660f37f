/** What a policy sees of a prediction. */
export interface Observation {
  /** softmax output, one for each class. */
  readonly probabilities: Float32Array;
  /** H = -sum p ln p of the prediction, in nats. */
  readonly entropy: number;
  /** One for each class. */
  readonly logits: Float32Array;
  /** The version that made the prediction. */
  readonly version: number;
  /** Uniform in [0, 1), drawn anew for each prediction: policies are pure. */
  readonly random: number;
}

/** What a policy decided about a prediction. */
export interface Decision<State> {
  readonly state: State;
  /**
   * Without it the sample is not uploaded. A score travels with it, and is larger the more the sample is to be learnt
   * from: where not all that waits can be sent, or kept, the higher ones go first. `fair`: it was drawn without regard
   * to what is in it, and what becomes of it is not to hang on its score; so is one without a score.
   */
  readonly upload?: { readonly score?: number; readonly fair?: boolean };
  /** Why: counted, told, and sent along. 1 to 32 characters out of A-Z a-z 0-9 . _ - */
  readonly reason: string;
}

/**
 * Decides which samples are worth uploading. Pure: whatever it remembers is in its state, which is never changed in
 * place. Add one as a file of `policies/` and a line of its table, or give it to `openDevice` as it is.
 */
export interface SelectionPolicy<State = unknown> {
  /** 1 to 32 characters out of A-Z a-z 0-9 . _ - */
  readonly name: string;
  /** Before the first prediction. @throws RenormError REQUEST_INVALID for an option without meaning */
  initial(classes: number): State;
  decide(state: State, observation: Observation): Decision<State>;
  /**
   * What it remembers as bytes, and again: over a restart. Without both it begins anew at each start, unless its state
   * is plain data (objects, arrays, texts, numbers, typed arrays), which is kept as it is.
   */
  encode?(state: State): Uint8Array;
  decode?(bytes: Uint8Array): State;
}
