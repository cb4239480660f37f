import { concatenate, type ParameterSet, splitLike } from '@renorm/protocol';
import { Fields, pack } from '../../store/fields.js';

/** What pooled statistics remember of a cohort. Its samples are in the log. */
export interface StatisticsState {
  /** Of the edge model: what the last step came to. */
  readonly parameters: ParameterSet;
  /** Position of the first sample of the present environment. */
  readonly since: number;
  readonly steps: number;
}

/** A cohort's state as bytes: values in graph order as little-endian float32, names left to the model. */
export function encodeState({ parameters, since, steps }: StatisticsState): Uint8Array {
  return pack({ parameters: new Uint8Array(concatenate(parameters).buffer), since, steps });
}

/** @param like parameters of the same model, for names and lengths @throws RenormError DATA_DAMAGED */
export function decodeState(bytes: Uint8Array, like: ParameterSet): StatisticsState {
  const record = Fields.unpack(bytes, 'the training state of a cohort');
  const values = record.bytes('parameters');
  return {
    parameters: splitLike(like, new Float32Array(values.buffer)),
    since: record.count('since'),
    steps: record.count('steps'),
  };
}
