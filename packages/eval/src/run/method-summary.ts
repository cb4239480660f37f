import type { Comparison } from '../demo/verdict.js';
import type { MethodNeeds } from '../methods/eval-method.js';
import type { Score } from './metrics.js';

/** What predictions are held against: labels, or the model whose predictions stand in for them. */
export type MeasuredAgainst = 'labels' | 'the foundation model' | 'the exported model';

/** A method in one environment, or in several. */
export interface Standing extends Score {
  /** Against the exported model on the same images, in the same places of the stream. */
  readonly againstSource: Comparison;
}

/** A method on streams of one kind. */
export interface MethodSummary {
  readonly method: string;
  readonly about: string;
  readonly paper: string;
  readonly needs: MethodNeeds;
  /** The images as they are; undefined where there are none. */
  readonly clean: Standing | undefined;
  /** All environments but that; all there is where there is no other. */
  readonly changed: Standing;
  readonly environments: readonly (Standing & { readonly environment: string })[];
}
