import { RenormError } from './errors.js';
import type { Selection as SelectionMessage } from './gen/renorm/v1/adaptation_pb.js';

/** What a selection policy says with a sample that it selected, checked. */
export interface Selection {
  /** 1 to 32 characters out of A-Z a-z 0-9 . _ - */
  readonly policy: string;
  /** Why, in the policy's own words; of the same alphabet and length. */
  readonly reason: string;
  /** The larger, the more the policy wants the sample learnt from, on a scale of its own. Finite, also as a float32. */
  readonly score?: number;
}

// As short as it is because it stands in every sample, and in lines that people read.
const WORD = /^[A-Za-z0-9._-]{1,32}$/;

/**
 * Passes on what may travel with a sample.
 *
 * @throws RenormError SAMPLE_INVALID
 */
export function checkSelection(selection: Selection): Selection {
  for (const name of ['policy', 'reason'] as const) {
    const word = selection[name];
    if (!WORD.test(word)) {
      const shown = JSON.stringify(word.slice(0, 40));
      throw invalid(`the ${name} of its selection is ${shown}; it takes 1 to 32 characters out of A-Z a-z 0-9 . _ -`);
    }
  }
  const { score } = selection;
  if (score !== undefined && !Number.isFinite(Math.fround(score)))
    throw invalid(`the score of its selection is ${score}; send a number that is finite as a float32, or none.`);
  return selection;
}

/** @throws RenormError SAMPLE_INVALID */
export function parseSelection(message: SelectionMessage | undefined): Selection | undefined {
  if (message === undefined) return undefined;
  const { policy, reason, score } = message;
  return checkSelection({ policy, reason, ...(score !== undefined && { score }) });
}

const invalid = (text: string): RenormError => new RenormError('SAMPLE_INVALID', text);
