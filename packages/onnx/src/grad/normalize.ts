import type { Graph, Operation, Value } from '../graph.js';
import { input, type Rules } from './rule.js';

/**
 * Mean and biased variance over a batch of [N, C, ...], per channel, shape [C].
 *
 * x should be near its mean already (see centre.ts): the variance is E[x^2] - E[x]^2, which cancels in float32 where a mean is many
 * deviations away from 0, and takes one pass over the activation less than to centre it first.
 */
export function batchMoments(graph: Graph, x: Value): { mean: Value; variance: Value } {
  const mean = channelMean(graph, x);
  const square = graph.mul(channelSum(graph, x, 'ReduceSumSquare'), perChannelElement(graph, x));
  return { mean, variance: graph.op('Relu', [graph.sub(square, graph.mul(mean, mean))]) };
}

/**
 * Per-channel reduction to [C]: first the inner axes, then the batch. onnxruntime has a fast path for each of the two, which is several
 * times faster than a product with a vector of ones or a batch of dot products (MatMul).
 */
function channelSum(graph: Graph, x: Value, type: 'ReduceSum' | 'ReduceSumSquare'): Value {
  const spatial = (x.shape ?? []).map((_, axis) => axis).slice(2);
  if (spatial.length === 0) return graph.reduce(type, x, [0]);
  return graph.reduceSum(graph.reduce(type, x, spatial), [0]);
}

/** 1 / number of elements per channel. */
function perChannelElement(graph: Graph, x: Value): Value {
  return graph.div(graph.constant(x.shape?.[1] ?? 1), graph.size(x));
}

const channelMean = (graph: Graph, x: Value): Value =>
  graph.mul(channelSum(graph, x, 'ReduceSum'), perChannelElement(graph, x));

/** x scale + shift per channel in one pass: inference normalisation with mean 0 and variance 1. */
function affine(graph: Graph, x: Value, scale: Value, shift: Value): Value {
  const channels = x.shape?.[1] ?? 1;
  const zeros = graph.constant(new Float32Array(channels), [channels]);
  const ones = graph.constant(new Float32Array(channels).fill(1), [channels]);
  return graph.op('BatchNormalization', [x, scale, shift, zeros, ones], { epsilon: 0 });
}

const epsilonOf = (graph: Graph, operation: Operation): Value =>
  graph.constant((operation.attributes.epsilon ?? 1e-5) as number);

/** s_run = sqrt(running variance + epsilon) */
const runningDeviation = (graph: Graph, op: Operation): Value =>
  graph.sqrt(graph.plus(input(op, 4), epsilonOf(graph, op)));

/**
 * Batch renormalisation with r and d held constant (Ioffe 2017): y = gamma ((x - mu_B)/s_B r + d) + beta. Its value is that of
 * inference, gamma (x - mu_run)/s_run + beta; its gradient is that of training. With means over a channel of N elements:
 *
 *   dL/dbeta  = sum g                          = N mean(g)
 *   dL/dgamma = sum g (x - mu_run)/s_run       = N (mean(g x) - mu_run mean(g)) / s_run
 *   dL/dx     = gamma/s_run (g - mean(g) - (x - mu_B) cov(g, x)/s_B^2)   with cov(g, x) = mean(g x) - mu_B mean(g)
 *             = A g + (B x + D): two reductions and two multiply-adds over the activation
 */
export const normalize: Rules = {
  BatchNormalization: [
    (graph, g, op) => {
      const x = input(op, 0);
      const { mean, variance } = batchMoments(graph, x);
      const meanG = channelMean(graph, g);
      const covariance = graph.sub(channelMean(graph, graph.mul(g, x)), graph.mul(mean, meanG));
      const a = graph.div(input(op, 1), runningDeviation(graph, op));
      const b = graph.neg(graph.mul(a, graph.div(covariance, graph.plus(variance, epsilonOf(graph, op)))));
      const d = graph.neg(graph.plus(graph.mul(a, meanG), graph.mul(b, mean)));
      const slope = graph.reshape(a, [1, -1, ...(x.shape ?? []).slice(2).map(() => 1)]);
      return graph.plus(graph.mul(g, slope), affine(graph, x, b, d));
    },
    (graph, g, op) => {
      const x = input(op, 0);
      const along = graph.sub(
        channelSum(graph, graph.mul(g, x), 'ReduceSum'),
        graph.mul(input(op, 3), channelSum(graph, g, 'ReduceSum')),
      );
      return graph.div(along, runningDeviation(graph, op));
    },
    (graph, g) => channelSum(graph, g, 'ReduceSum'),
  ],
};
