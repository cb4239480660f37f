import { concatenate, type ParameterSet, splitLike } from '@renorm/protocol';
import type { CohortState, LearnerState } from '../adaptation/cohort-state.js';

/** A cohort's state as it is written: values in graph order as little-endian float32, names left to the models. */
export interface EncodedState {
  readonly edge: EncodedLearner;
  readonly foundation: EncodedLearner;
  readonly steps: number;
  readonly random: number;
}

interface EncodedLearner {
  readonly parameters: Uint8Array;
  /** Empty before the first step. */
  readonly velocities: Uint8Array;
}

const encodeParameters = (parameters: ParameterSet): Uint8Array => new Uint8Array(concatenate(parameters).buffer);

/** @param like names and lengths */
function decodeParameters(bytes: Uint8Array, like: ParameterSet): ParameterSet {
  // A copy by way of Uint8Array: what msgpackr returns may be a Buffer at any offset, and its slice does not copy.
  return splitLike(like, new Float32Array(Uint8Array.prototype.slice.call(bytes).buffer));
}

export function encodeState({ edge, foundation, steps, random }: CohortState): EncodedState {
  const learner = ({ parameters, velocities }: LearnerState): EncodedLearner => ({
    parameters: encodeParameters(parameters),
    velocities: encodeParameters(ordered(velocities, parameters)),
  });
  return { edge: learner(edge), foundation: learner(foundation), steps, random };
}

/** @param like a fresh state of the same models, for names and lengths */
export function decodeState({ edge, foundation, steps, random }: EncodedState, like: CohortState): CohortState {
  const learner = (encoded: EncodedLearner, { parameters }: LearnerState): LearnerState => ({
    parameters: decodeParameters(encoded.parameters, parameters),
    velocities: encoded.velocities.length === 0 ? new Map() : decodeParameters(encoded.velocities, trained(parameters)),
  });
  return { edge: learner(edge, like.edge), foundation: learner(foundation, like.foundation), steps, random };
}

/** gamma and beta alone: the ones that have a velocity. */
const trained = (parameters: ParameterSet): ParameterSet =>
  new Map([...parameters].filter(([key]) => key.endsWith('/gamma') || key.endsWith('/beta')));

/** Velocities in the order of the parameters. */
function ordered(velocities: ParameterSet, parameters: ParameterSet): ParameterSet {
  if (velocities.size === 0) return velocities;
  return new Map(
    [...trained(parameters)].map(([key, like]) => [key, velocities.get(key) ?? new Float32Array(like.length)]),
  );
}
