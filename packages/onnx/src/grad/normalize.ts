import type { Graph, Operation, Value } from '../graph.js';
import { input, type Rules } from './rule.js';

/** Batch mean and biased batch variance of [N, C, ...], per channel, shape [1, C, 1, ...]. */
export function batchMoments(graph: Graph, x: Value): { centred: Value; mean: Value; variance: Value } {
  const mean = perChannelMean(graph, x);
  // Centred before it is squared: E[x^2] - E[x]^2 cancels in float32 where a channel's mean is large.
  const centred = graph.sub(x, mean);
  return { centred, mean, variance: perChannelMean(graph, graph.mul(centred, centred)) };
}

/** Mean over all axes but the second, kept as axes of size 1. Inner axes first: onnxruntime has a fast path for each of the two steps. */
function perChannelMean(graph: Graph, x: Value): Value {
  const spatial = (x.shape ?? []).map((_, axis) => axis).slice(2);
  const inner = spatial.length === 0 ? x : graph.reduceMean(x, spatial, true);
  return graph.reduceMean(inner, [0], true);
}

/** [C] as [1, C, 1, ...]. */
function spreadChannels(graph: Graph, parameter: Value, x: Value): Value {
  return graph.reshape(parameter, [1, -1, ...(x.shape ?? []).slice(2).map(() => 1)]);
}

/** sqrt(variance + epsilon) */
function deviation(graph: Graph, variance: Value, operation: Operation): Value {
  return graph.sqrt(graph.plus(variance, graph.constant((operation.attributes.epsilon ?? 1e-5) as number)));
}

/** Number of elements per channel. */
const count = (graph: Graph, x: Value, parameter: Value): Value => graph.div(graph.size(x), graph.size(parameter));

/**
 * Batch renormalisation with r and d held constant (Ioffe 2017; algorithm: y = gamma ((x - mu_B)/s_B r + d) + beta). Its value is that
 * of inference, gamma (x - mu_run)/s_run + beta; its gradient is that of training. With c = x - mu_B and means over a channel:
 *
 *   dL/dbeta  = sum g
 *   dL/dgamma = sum g (x - mu_run)/s_run = N (mean(g c) + (mu_B - mu_run) mean(g)) / s_run
 *   dL/dx     = gamma/s_run (g - mean(g) - c mean(g c)/s_B^2)
 */
export const normalize: Rules = {
  BatchNormalization: [
    (graph, g, op) => {
      const x = input(op, 0);
      const { centred, variance } = batchMoments(graph, x);
      const slope = graph.div(
        spreadChannels(graph, input(op, 1), x),
        deviation(graph, spreadChannels(graph, input(op, 4), x), op),
      );
      const epsilon = graph.constant((op.attributes.epsilon ?? 1e-5) as number);
      const along = graph.div(perChannelMean(graph, graph.mul(g, centred)), graph.plus(variance, epsilon));
      const ofCentred = graph.neg(graph.mul(slope, along));
      const offset = graph.neg(graph.mul(slope, perChannelMean(graph, g)));
      return graph.plus(graph.mul(g, slope), graph.plus(graph.mul(centred, ofCentred), offset));
    },
    (graph, g, op) => {
      const x = input(op, 0);
      const { centred, mean } = batchMoments(graph, x);
      const shift = graph.sub(mean, spreadChannels(graph, input(op, 3), x));
      const projected = graph.plus(
        perChannelMean(graph, graph.mul(g, centred)),
        graph.mul(shift, perChannelMean(graph, g)),
      );
      const scaled = graph.div(projected, deviation(graph, spreadChannels(graph, input(op, 4), x), op));
      return graph.reshape(graph.mul(scaled, count(graph, x, input(op, 1))), [-1]);
    },
    (graph, g, op) => {
      const x = input(op, 0);
      return graph.reshape(graph.mul(perChannelMean(graph, g), count(graph, x, input(op, 1))), [-1]);
    },
  ],
};
