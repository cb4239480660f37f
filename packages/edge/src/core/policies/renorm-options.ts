import { RenormError } from '@renorm/protocol';

/** The constants of the selection `renorm`. */
export interface RenormSelectionOptions {
  /**
   * Share of the stream that may be uploaded, above 0 up to 1. Default 0.1: pooled statistics win 22 points over the
   * source with it, one more than with a twentieth and nearly as much as with everything (docs/method.md), at a tenth
   * of the traffic.
   */
  readonly share: number;
  /**
   * Samples that are all uploaded at the start and after a shift. Default 44, from which three versions are made within
   * two seconds of a camera: without them an eighth of a stream of 1,500 is predicted by a model that knows nothing of
   * its environment. With a share below a tenth as much less, but a dozen, of which a first version is made: a burst is
   * what 440 predictions earn.
   */
  readonly burst: number;
  /**
   * Share of the uploads after a burst that is drawn at random, 0 to 1. Default 0.5: enough for statistics without
   * bias, and as many that a foundation model can teach on.
   */
  readonly unbiased: number;
}

/** The defaults for a share. */
export function renormSelectionDefaults(share = 0.1): RenormSelectionOptions {
  return { share, burst: Math.min(44, Math.max(12, Math.round(440 * share))), unbiased: 0.5 };
}

/** Fills in the defaults. @throws RenormError REQUEST_INVALID for a value that has no meaning */
export function resolveRenormSelection(options: Partial<RenormSelectionOptions> = {}): RenormSelectionOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const all = { ...renormSelectionDefaults(options.share), ...given };
  if (!(all.share > 0 && all.share <= 1))
    throw invalid('share', all.share, "above 0 up to 1; to upload nothing take the selection 'nothing'");
  if (!(Number.isSafeInteger(all.burst) && all.burst >= 0)) throw invalid('burst', all.burst, 'an integer from 0');
  if (!(all.unbiased >= 0 && all.unbiased <= 1)) throw invalid('unbiased', all.unbiased, 'a share from 0 to 1');
  return all;
}

function invalid(name: string, value: unknown, expected: string): RenormError {
  const text = `the selection option ${name} is ${String(value)}; it has to be ${expected}.`;
  return new RenormError('REQUEST_INVALID', text);
}
