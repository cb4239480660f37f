import { concatenate, type ParameterSet, splitLike } from '@renorm/protocol';
import type { Environment } from '../../models/environment.js';
import { Fields, pack } from '../../store/fields.js';
import type { CohortState, LearnerState } from './state.js';

const encodeParameters = (parameters: ParameterSet): Uint8Array => new Uint8Array(concatenate(parameters).buffer);

/** @param like names and lengths */
const decodeParameters = (bytes: Uint8Array, like: ParameterSet): ParameterSet =>
  splitLike(like, new Float32Array(bytes.buffer));

/** A cohort's state as bytes: values in graph order as little-endian float32, names left to the models. */
export function encodeState({
  edge,
  foundation,
  steps,
  idleSteps,
  environment,
  since,
  refused,
  random,
}: CohortState): Uint8Array {
  const learner = ({ parameters, velocities }: LearnerState) => ({
    parameters: encodeParameters(parameters),
    // Empty before the first step.
    velocities: encodeParameters(ordered(velocities, parameters)),
  });
  const seen = environment && {
    ...environment,
    mean: bytesOf(environment.mean),
    variance: bytesOf(environment.variance),
  };
  const learners = { edge: learner(edge), foundation: learner(foundation) };
  return pack({ ...learners, steps, idleSteps, environment: seen ?? null, since, refused, random });
}

/**
 * @param like a fresh state of the same models, for names and lengths
 * @throws RenormError DATA_DAMAGED
 */
export function decodeState(bytes: Uint8Array, like: CohortState): CohortState {
  const record = Fields.unpack(bytes, 'the training state of a cohort');
  const learner = (encoded: Fields, { parameters }: LearnerState): LearnerState => {
    const velocities = encoded.bytes('velocities');
    return {
      parameters: decodeParameters(encoded.bytes('parameters'), parameters),
      velocities: velocities.length === 0 ? new Map() : decodeParameters(velocities, trained(parameters)),
    };
  };
  return {
    edge: learner(record.record('edge'), like.edge),
    foundation: learner(record.record('foundation'), like.foundation),
    steps: record.count('steps'),
    // renorm 0.1 had none of these.
    idleSteps: record.has('idleSteps') ? record.count('idleSteps') : 0,
    environment: record.has('environment') ? decodeEnvironment(record.optional('environment')) : undefined,
    since: record.has('since') ? record.count('since') : 0,
    refused: record.has('refused') ? record.count('refused') : 0,
    random: record.integer('random'),
  };
}

const bytesOf = (values: Float64Array): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

const valuesOf = (bytes: Uint8Array): Float64Array => Float64Array.from(new Float32Array(bytes.buffer));

function decodeEnvironment(encoded: Fields | undefined): Environment | undefined {
  if (encoded === undefined) return undefined;
  const [mean, variance] = [valuesOf(encoded.bytes('mean')), valuesOf(encoded.bytes('variance'))];
  return { mean, variance, count: encoded.finite('count') };
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
