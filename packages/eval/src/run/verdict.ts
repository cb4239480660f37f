import { formatBytes, formatPercent, formatPoints } from '../format/format.js';
import type { MethodNeeds } from '../methods/eval-method.js';
import type { MeasuredAgainst, MethodSummary } from './method-summary.js';

/** Whether to deploy, for people. */
export interface EvalVerdict {
  readonly decision: 'deploy' | 'do not deploy' | 'unclear';
  /** What would be deployed; undefined where nothing that needs a cloud was compared. */
  readonly method: string | undefined;
  /** What a device could do without a cloud, and is clearly better; undefined where nothing that was compared is. */
  readonly betterAlone: string | undefined;
  /** Two sentences: the decision and why, and what stands against it. */
  readonly sentences: readonly string[];
}

/** A loss of so much on one environment is worth a sentence. */
const HARM = -0.005;

/** Judges the best method of the cloud against the exported model, and against what a device could do alone. */
export function verdictOf(methods: readonly MethodSummary[], measuredAgainst: MeasuredAgainst): EvalVerdict {
  const source = methods.find(({ method }) => method === 'source');
  const best = bestOf(methods.filter(({ needs }) => needs.cloud));
  if (best === undefined || source === undefined)
    return {
      decision: 'unclear',
      method: undefined,
      betterAlone: undefined,
      sentences: [
        'No method that renorm deploys was compared, so there is nothing to decide.',
        'Add cema, statistics or another strategy to --methods.',
      ],
    };
  const { againstSource: gain } = best.changed;
  const what = measuredAgainst === 'labels' ? 'right on' : `in agreement with ${measuredAgainst} on`;
  const numbers = `the edge model is ${what} ${formatPercent(best.changed.accuracy)} of the images with ${best.method} and ${formatPercent(source.changed.accuracy)} without (${formatPoints(gain.gain)} points, ±${(200 * gain.standardError).toFixed(1)})`;
  const price = `for ${formatPercent(best.changed.uploaded)} of the images uploaded (${formatBytes(best.changed.bytesUpPerThousand)} up and ${formatBytes(best.changed.bytesDownPerThousand)} down for 1,000 predictions)`;
  const decision = gain.verdict === 'better' ? 'deploy' : gain.verdict === 'worse' ? 'do not deploy' : 'unclear';
  const alone = bestOf(methods.filter(({ needs, method }) => !needs.cloud && method !== 'source'));
  // Beyond the interval of what would be deployed: no accident of the images.
  const betterAlone =
    alone?.changed.againstSource.verdict === 'better' && alone.changed.accuracy > best.changed.high ? alone : undefined;
  const lead = { deploy: 'Deploy', 'do not deploy': 'Do not deploy', unclear: 'It makes no clear difference' }[
    decision
  ];
  const rival =
    betterAlone === undefined ? '' : `, ${decision === 'deploy' ? 'but' : 'and'} ${betterClause(betterAlone)}`;
  return {
    decision,
    method: best.method,
    betterAlone: betterAlone?.method,
    sentences: [`${lead}${rival}: ${numbers}, ${price}.`, caution(best, betterAlone === undefined ? alone : undefined)],
  };
}

function bestOf(methods: readonly MethodSummary[]): MethodSummary | undefined {
  return methods.reduce<MethodSummary | undefined>(
    (best, each) => (best === undefined || each.changed.accuracy > best.changed.accuracy ? each : best),
    undefined,
  );
}

/**
 * What stands against it, or that nothing does.
 *
 * @param alone the best without a cloud, where the first sentence does not tell of it
 */
function caution(best: MethodSummary, alone: MethodSummary | undefined): string {
  const without =
    alone !== undefined && alone.changed.accuracy > best.changed.accuracy ? aloneClause(alone) : undefined;
  const harmed = best.environments.filter(({ againstSource: { verdict, gain } }) => verdict === 'worse' && gain < HARM);
  if (harmed.length > 0) {
    const names = harmed
      .slice(0, 3)
      .map(
        ({ environment, againstSource }) => `${environment.replaceAll('_', ' ')} (${formatPoints(againstSource.gain)})`,
      );
    return `It costs accuracy in ${harmed.length} of ${best.environments.length} environments: ${names.join(', ')}${harmed.length > 3 ? ' …' : ''}${without === undefined ? '' : `; ${without}`}.`;
  }
  const clean =
    best.clean === undefined
      ? ''
      : `, the images as they are included (${formatPoints(best.clean.againstSource.gain)})`;
  return without === undefined
    ? `It costs no environment a clear loss${clean}.`
    : `${without.charAt(0).toUpperCase()}${without.slice(1)}; no environment has a clear loss.`;
}

function aloneClause({ method, changed, needs }: MethodSummary): string {
  const asks = asksOf(needs);
  return `${method}, without a cloud, comes to ${formatPercent(changed.accuracy)}${asks === '' ? '' : ` and needs ${asks} on the device`}`;
}

function betterClause({ method, changed, needs }: MethodSummary): string {
  const asks = asksOf(needs);
  return `${method} on the device does better (${formatPercent(changed.accuracy)}${asks === '' ? '' : `, and needs ${asks}`})`;
}

const asksOf = ({ batches, gradients }: MethodNeeds): string =>
  [batches && 'batches', gradients && 'back propagation'].filter(Boolean).join(' and ');
