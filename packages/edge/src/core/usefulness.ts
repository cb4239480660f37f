import type { PendingSample, Worth } from './pending-sample.js';

/**
 * The most useful of samples, at most so many: sketches first; then in turns one of the fair ones, in the order in
 * which they came, and one of the others, the highest score first and of two the newer. Fair samples stay fair: that
 * the link is slow is no reason to choose among them.
 *
 * @param samples in the order in which they came
 */
export function mostUseful(samples: readonly PendingSample[], count: number): readonly PendingSample[] {
  const sketches = firstOf(samples, 'sketch', count);
  const fair = firstOf(samples, 'fair', count);
  const scored = highest(samples, count);
  const useful = [...sketches];
  for (let i = 0; useful.length < count && (i < fair.length || i < scored.length); i++)
    for (const sample of [fair[i], scored[i]]) if (sample !== undefined && useful.length < count) useful.push(sample);
  return useful;
}

/**
 * The sample to spare first: of the kind of which more wait, the oldest fair one or the one of the lowest score, the
 * older of two. A sketch only where nothing else waits, the oldest. What was sent before may be on the cloud's disk
 * already, and is worth its few bytes of an answer.
 */
export function sparest(samples: readonly PendingSample[]): PendingSample {
  const fresh = samples.filter(({ sequence }) => sequence === 0);
  const among = fresh.length > 0 ? fresh : samples;
  const fair = among.filter(({ kind }) => kind === 'fair');
  const scored = among.filter(({ kind }) => kind === 'scored');
  const [oldest] = fair.length === 0 && scored.length === 0 ? among : fair;
  if (scored.length <= fair.length && oldest !== undefined) return oldest;
  return scored.reduce((least, sample) => (sample.score < least.score ? sample : least), scored[0] as PendingSample);
}

function firstOf(samples: readonly PendingSample[], kind: Worth['kind'], count: number): readonly PendingSample[] {
  const found: PendingSample[] = [];
  for (const sample of samples) {
    if (found.length >= count) break;
    if (sample.kind === kind) found.push(sample);
  }
  return found;
}

/** Those of the highest scores, in one pass: the queue may be long, and a batch is short. */
function highest(samples: readonly PendingSample[], count: number): readonly PendingSample[] {
  const best: PendingSample[] = [];
  for (const sample of samples) {
    if (sample.kind !== 'scored') continue;
    const least = best.at(-1);
    if (best.length >= count && least !== undefined && sample.score < least.score) continue;
    const place = best.findIndex(({ score }) => score <= sample.score);
    best.splice(place < 0 ? best.length : place, 0, sample);
    if (best.length > count) best.pop();
  }
  return best;
}
