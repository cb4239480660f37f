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
  /** What travels with the sample; without it the sample is not uploaded. A score is larger the more the sample is to be learnt from. */
  readonly upload?: { readonly score?: number };
  /** Why: counted, told, and sent along. 1 to 32 characters out of A-Z a-z 0-9 . _ - */
  readonly reason: string;
}

/**
 * Decides which samples are worth uploading. Pure: whatever it remembers is in its state, which is never changed in place.
 * Add one as a file of `policies/` and a line of its table, or give it to `openDevice` as it is.
 */
export interface SelectionPolicy<State = unknown> {
  /** 1 to 32 characters out of A-Z a-z 0-9 . _ - */
  readonly name: string;
  /** Before the first prediction. @throws RenormError REQUEST_INVALID for an option without meaning */
  initial(classes: number): State;
  decide(state: State, observation: Observation): Decision<State>;
}
