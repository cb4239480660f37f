import type { CloudOptions } from '@renorm/cloud';
import type { ImageShape, Preprocessing } from '@renorm/protocol';
import type { Severity } from '../corruptions/index.js';
import type { LinkOptions } from '../methods/link.js';

/**
 * Everything that decides the numbers of an evaluation. Plain data: it crosses to workers, and its digest names
 * results.
 */
export interface EvalPlan {
  readonly edgeModel: string;
  readonly foundationModel?: string;
  /** What the foundation model does not say of itself, as a cloud is given it. */
  readonly foundation?: NonNullable<CloudOptions['foundation']>;
  /** A folder or a file. */
  readonly data: string;
  /** Names of the model's classes in its order, where the data need them. */
  readonly classNames?: readonly string[];
  readonly preprocessing: Preprocessing;
  /** Corruptions that are made of the images here. */
  readonly corrupt: readonly string[];
  readonly severities: readonly Severity[];
  /** Of each environment, at most. */
  readonly images: number;
  readonly methods: readonly string[];
  /** Kinds of streams. */
  readonly streams: readonly string[];
  /** Images per batch, for methods that need batches. */
  readonly batch: number;
  readonly link: LinkOptions;
  readonly seed: number;
}

/** What is known of a plan's models. */
export interface ModelFacts {
  readonly shape: ImageShape;
  readonly classes: number;
  /** SHA-256 of the files, hexadecimal. */
  readonly edgeDigest: string;
  readonly foundationDigest?: string;
}
