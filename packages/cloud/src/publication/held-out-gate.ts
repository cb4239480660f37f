import type { OnnxModel } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';
import { environmentOf, SOURCE, shiftBetween } from '../models/environment.js';
import { cappedByDevice, weightsFrom } from '../models/sample-weights.js';
import { features, StatisticsSession } from '../models/statistics-session.js';
import type { EdgeLogits } from './delta-writer.js';
import { brokenBy, evidenceOf, type Predictions, predictions } from './evidence.js';
import type { Candidate, Gate, Verdict } from './gate.js';
import { likeTheSource } from './like-the-source.js';
import { worseBySketches } from './sketch-evidence.js';

/** Held-out samples that a version is judged by, and fewest. */
const HELD_OUT = 48;
const FEWEST = 5;

/**
 * An environment this near to the source is one in which the source model is right: on Fashion-MNIST-C it keeps 80% of
 * its predictions or more below 0.5, and at 1 it has lost a fifth to a half. See shiftBetween.
 */
const NEAR_SOURCE = 0.5;
/** Of what the source is sure of there, a version may break this much. */
const BREAKABLE = 0.06;
/**
 * A version may be so much less sure than what it is compared with, as a share of ln C; far from the source, where
 * models are often surely wrong of few classes, by as much as it spreads samples over more: the mutual information of
 * image and class (Bridle et al. 1991) does not fall then.
 */
const LESS_SURE = 0.2;
/**
 * A version collapses where the entropy of its mean prediction is below this share of that of what it is compared with.
 */
const COLLAPSE = 0.6;
/**
 * Where so many of the latest samples, two at least, are of the source among others that are not, the source model
 * stays. See likeTheSource.
 */
const OF_THE_SOURCE = 1 / 8;

export interface HeldOutGateSetup {
  readonly edge: OnnxModel;
  readonly sampleShape: readonly number[];
  readonly classes: number;
  readonly edgeLogits: EdgeLogits;
  readonly threads: number;
}

/**
 * Judges a version by held-out uploads, without labels, against the source model and the version in force.
 *
 * Worse is: to differ from the source model where a part of the latest samples is of the source and the rest is not; to
 * break what the source is sure of in an environment in which the source is right; to put nearly everything into one
 * class; to be much less sure than before, but for what it gains, far from the source, in classes that samples go into.
 * Which environment it is, the exported model's own statistics tell. Held-out samples are weighed as those that are
 * learnt from are. Where the model has no statistics of a batch (LayerNorm), every environment counts as far from the
 * source.
 */
export class HeldOutGate implements Gate {
  readonly heldOut = HELD_OUT;
  readonly #setup: HeldOutGateSetup;
  readonly #observed: StatisticsSession | undefined;

  private constructor(setup: HeldOutGateSetup, observed: StatisticsSession | undefined) {
    this.#setup = setup;
    this.#observed = observed;
  }

  static async open(setup: HeldOutGateSetup): Promise<HeldOutGate> {
    const { edge, sampleShape, threads } = setup;
    return new HeldOutGate(setup, await StatisticsSession.openFor(edge, sampleShape, { threads }, 'running'));
  }

  async judge({ parameters, inForce, exported, heldOut, recent }: Candidate): Promise<Verdict> {
    if (heldOut.count < FEWEST) {
      const { sketches = [] } = heldOut;
      const limits = { lessSure: LESS_SURE, collapse: COLLAPSE };
      const worse = sketches.length === 0 ? undefined : worseBySketches(sketches, limits);
      if (worse !== undefined) return { decision: 'keep', reason: `worse than the version in force: ${worse}` };
      if (sketches.length > 0) return { decision: 'publish', reason: `not worse by ${sketches.length} sketches` };
      return { decision: 'publish', reason: `${heldOut.count} held-out samples are too few to judge by` };
    }
    const { weights, shift } = await this.#environment(exported, heldOut);
    const said = async (of: ParameterSet): Promise<Predictions> =>
      predictions(await this.#setup.edgeLogits(of, heldOut), this.#setup.classes);
    const source = await said(exported);
    const candidate = await said(parameters);
    const present = inForce === exported ? source : await said(inForce);
    const mixed = await this.#mixed(exported, recent);
    const worse = (model: Predictions): string | undefined =>
      (saysTheSame(model, source) ? undefined : mixed) ?? this.#worse(model, source, weights, shift);
    const against = worse(candidate);
    if (against === undefined) {
      const less = this.#less(candidate, present, weights, shift);
      if (less === undefined) return { decision: 'publish', reason: `not worse on ${heldOut.count} held-out samples` };
      return { decision: 'keep', reason: `worse than the version in force: ${less}` };
    }
    const reason = `worse than the source model: ${against}`;
    if (inForce === exported || worse(present) === undefined) return { decision: 'keep', reason };
    return { decision: 'go back', reason: `${reason}; the version in force is, too`, parameters: exported };
  }

  release(): Promise<void> {
    return this.#observed?.release() ?? Promise.resolve();
  }

  /** Why a model is worse than the source; undefined where it is not. */
  #worse(candidate: Predictions, source: Predictions, weights: Float64Array, shift: number): string | undefined {
    if (shift >= NEAR_SOURCE) return this.#less(candidate, source, weights, shift);
    const { share, broken, sure } = brokenBy(candidate, source, weights);
    if (share > BREAKABLE && broken > 1)
      return `of ${sure} held-out samples that the source model is sure of, in an environment near its own, ${broken} go to other classes`;
    return this.#less(candidate, source, weights, shift);
  }

  /** Why a model has less of what needs no labels; undefined where it has not. */
  #less(candidate: Predictions, other: Predictions, weights: Float64Array, shift: number): string | undefined {
    const [now, before] = [evidenceOf(candidate, weights), evidenceOf(other, weights)];
    const percent = (share: number): string => `${Math.round(100 * share)}%`;
    if (now.balance < COLLAPSE * before.balance)
      return `the entropy of its mean prediction is ${percent(now.balance)} of the largest, ${percent(before.balance)} before: it collapses into few classes`;
    const spread = shift < NEAR_SOURCE ? 0 : now.balance - before.balance;
    if (now.entropy > before.entropy + Math.max(LESS_SURE, spread))
      return `its predictions have ${percent(now.entropy)} of the largest entropy, ${percent(before.entropy)} before`;
    return undefined;
  }

  /** Why the source model has to stay whatever a version does for most; undefined where it has not. */
  async #mixed(exported: ParameterSet, recent: Candidate['recent']): Promise<string | undefined> {
    if (recent === undefined || recent.count === 0 || this.#observed === undefined) return undefined;
    const { near, of } = likeTheSource(features(await this.#observed.run(exported, recent), exported));
    if (near < Math.max(2, OF_THE_SOURCE * of)) return undefined;
    return `${near} of the latest ${of} samples look like what the model was trained on, among others that do not`;
  }

  async #environment(
    exported: ParameterSet,
    { origins, ...batch }: Candidate['heldOut'],
  ): Promise<{ readonly weights: Float64Array; readonly shift: number }> {
    if (this.#observed === undefined) {
      const devices = origins.map(({ device }) => device);
      const alike = new Float64Array(batch.count).fill(1);
      return { weights: cappedByDevice(alike, devices), shift: Number.POSITIVE_INFINITY };
    }
    const seen = features(await this.#observed.run(exported, batch), exported);
    const weights = weightsFrom(seen, origins);
    return { weights, shift: shiftBetween(environmentOf(seen, weights), SOURCE) };
  }
}

const saysTheSame = (one: Predictions, other: Predictions): boolean =>
  one.every((row, i) => row.every((p, c) => Math.abs(p - ((other[i] as Float64Array)[c] as number)) < 1e-6));
