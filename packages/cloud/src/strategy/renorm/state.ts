import { concatenate, type ParameterSet, splitLike } from '@renorm/protocol';
import { Fields, pack } from '../../store/fields.js';
import {
  decodeState as decodeStatistics,
  encodeState as encodeStatistics,
  type StatisticsState,
} from '../statistics/state.js';

/** What renorm remembers of a cohort. Its samples are in the log. */
export interface RenormState {
  /** Of statistics alone, with the exported affines. */
  readonly statistics: StatisticsState;
  /** The edge model with the affines that were distilled last in this environment; what else is in it is not read. */
  readonly distilled: ParameterSet;
}

/** A cohort's state as bytes. */
export function encodeState({ statistics, distilled }: RenormState): Uint8Array {
  return pack({ statistics: encodeStatistics(statistics), distilled: new Uint8Array(concatenate(distilled).buffer) });
}

/** @param like parameters of the same model, for names and lengths @throws RenormError DATA_DAMAGED */
export function decodeState(bytes: Uint8Array, like: ParameterSet): RenormState {
  const record = Fields.unpack(bytes, 'the training state of a cohort');
  return {
    statistics: decodeStatistics(record.bytes('statistics'), like),
    distilled: splitLike(like, new Float32Array(record.bytes('distilled').buffer)),
  };
}
