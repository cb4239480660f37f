import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/types.js';
import { centre } from './centre.js';
import type { FoundLayer, Role } from './layer.js';
import { exportedMean, ofKnownRank, type Purpose } from './statistics.js';

/** Name of the input with the weight of each sample in the statistics, float32 [batch], of sum 1. */
export const SAMPLE_WEIGHTS = 'sample_weights';

/** The variance of a BatchNormalization that was folded had one added too; which is not in the file. */
const FOLDED_EPSILON = 1e-5;

/** What one layer sees of each sample, per channel: [N, C], from the exported mean, where there is one. */
export interface LayerMoments {
  readonly means: Value;
  /** Mean squares. */
  readonly squares: Value;
}

/** Purposes for which the moments of each sample are at hand. */
export const isMeasured = (purpose: Purpose): purpose is 'observed' | 'pooled' =>
  purpose === 'observed' || purpose === 'pooled';

/** The moments of each sample in what the layers of a graph see, while the graph is written. */
export class Measurement {
  readonly moments = new Map<FoundLayer, LayerMoments>();
  readonly #graph: Graph;
  readonly #purpose: 'observed' | 'pooled';
  readonly #model: string;

  constructor(graph: Graph, purpose: 'observed' | 'pooled', model: string) {
    this.#graph = graph;
    this.#purpose = purpose;
    this.#model = model;
  }

  /**
   * The five inputs of a BatchNormalization: with the statistics that it is given, or those of the pool.
   *
   * @throws as ofKnownRank
   */
  inputs(read: readonly (Value | undefined)[], layer: FoundLayer): readonly (Value | undefined)[] {
    const [x, gamma, beta, mean, variance] = read;
    if (x === undefined) return read;
    const offset = exportedMean(layer);
    const centred = centre(this.#graph, ofKnownRank(x, layer, this.#model), offset);
    const moments = this.#measure(centred, layer);
    if (this.#purpose === 'observed') {
      const moved = this.#graph.sub(mean as Value, this.#graph.constant(offset, [offset.length]));
      return [centred, gamma, beta, moved, variance];
    }
    const pool = this.#pooled(moments);
    return [centred, gamma, beta, pool.mean, pool.variance];
  }

  /**
   * A scale and a shift as it is given; or as the BatchNormalization that it stands for, by the statistics of the pool.
   */
  scaleShift(x: Value, layer: FoundLayer, parameters: ReadonlyMap<Role, Value> | undefined): Value | undefined {
    const known = ofKnownRank(x, layer, this.#model);
    const moments = this.#measure(known, layer);
    if (this.#purpose === 'observed') return undefined;
    const pool = this.#pooled(moments);
    const inputs = [known, parameters?.get('gamma'), parameters?.get('beta'), pool.mean, pool.variance];
    return this.#graph.op('BatchNormalization', inputs, { epsilon: FOLDED_EPSILON });
  }

  #measure(x: Value, layer: FoundLayer): LayerMoments {
    const graph = this.#graph;
    const spatial = (x.shape ?? []).map((_, axis) => axis).slice(2);
    const square = graph.mul(x, x);
    const perSample = (value: Value): Value => (spatial.length === 0 ? value : graph.reduceMean(value, spatial));
    const moments = { means: perSample(x), squares: perSample(square) };
    this.moments.set(layer, moments);
    return moments;
  }

  /** Mean sum_i w_i m_i and biased variance sum_i w_i q_i - mean^2 over all samples: [C]. */
  #pooled({ means, squares }: LayerMoments): { mean: Value; variance: Value } {
    const graph = this.#graph;
    const weights = graph.reshape(graph.input(SAMPLE_WEIGHTS, [undefined]), [1, -1]);
    const pooled = (values: Value): Value => graph.reshape(graph.matmul(weights, values), [-1]);
    const mean = pooled(means);
    return { mean, variance: graph.op('Relu', [graph.sub(pooled(squares), graph.mul(mean, mean))]) };
  }
}
