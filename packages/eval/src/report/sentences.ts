import type { DemoSummary } from '../demo/summary.js';
import type { Comparison } from '../demo/verdict.js';
import { formatPercent, formatPoints } from '../format/format.js';

const margin = ({ standardError }: Comparison): string => `±${(2 * standardError * 100).toFixed(1)}`;

/** The outcome in a few words. */
export function title({ changed }: DemoSummary): string {
  return changed.verdict === 'better' ? 'Accuracy lost and won back' : 'Accuracy lost and not won back';
}

/** The outcome in one or two sentences, whichever way it went. */
export function outcomeSentences({ changed, clean }: DemoSummary): string[] {
  return [changedSentence(changed), cleanSentence(clean)];
}

function changedSentence(changed: Comparison): string {
  const { adapted, unadapted, gain } = changed;
  const numbers = `${formatPercent(adapted)} right with adaptation, ${formatPercent(unadapted)} without (${formatPoints(gain)} points, ${margin(changed)})`;
  switch (changed.verdict) {
    case 'better':
      return `Adaptation won accuracy back in the changed environments: at their end ${numbers}.`;
    case 'worse':
      return `Adaptation did not help in the changed environments, it cost accuracy: at their end ${numbers}.`;
    case 'unclear':
      return `Adaptation made no clear difference in the changed environments: at their end ${numbers}.`;
  }
}

function cleanSentence(clean: Comparison): string {
  const numbers = `${formatPercent(clean.adapted)} with, ${formatPercent(clean.unadapted)} without (${formatPoints(clean.gain)} points, ${margin(clean)})`;
  switch (clean.verdict) {
    case 'better':
      return `On clean images it helped too: ${numbers}.`;
    case 'worse':
      return `On clean images it cost accuracy: ${numbers}.`;
    case 'unclear':
      return `On clean images it made no clear difference: ${numbers}.`;
  }
}
