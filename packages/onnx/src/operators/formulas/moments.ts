import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/types.js';

/**
 * Mean and biased variance over a batch of [N, C, ...], per channel, shape [C].
 *
 * x should be near its mean already (see centre.ts): the variance is E[x^2] - E[x]^2, which cancels in float32 where a
 * mean is many deviations away from 0, and takes one pass over the activation less than to centre it first.
 */
export function batchMoments(graph: Graph, x: Value): { mean: Value; variance: Value } {
  const mean = channelMean(graph, x);
  const square = graph.mul(channelSum(graph, x, 'ReduceSumSquare'), perChannelElement(graph, x));
  return { mean, variance: graph.op('Relu', [graph.sub(square, graph.mul(mean, mean))]) };
}

/**
 * Per-channel reduction to [C]: first the inner axes, then the batch. onnxruntime has a fast path for each of the two,
 * which is several times faster than a product with a vector of ones or a batch of dot products (MatMul).
 */
export function channelSum(graph: Graph, x: Value, type: 'ReduceSum' | 'ReduceSumSquare'): Value {
  const spatial = (x.shape ?? []).map((_, axis) => axis).slice(2);
  if (spatial.length === 0) return graph.reduce(type, x, [0]);
  return graph.reduceSum(graph.reduce(type, x, spatial), [0]);
}

/** 1 / number of elements per channel. */
function perChannelElement(graph: Graph, x: Value): Value {
  return graph.div(graph.constant(x.shape?.[1] ?? 1), graph.size(x));
}

export const channelMean = (graph: Graph, x: Value): Value =>
  graph.mul(channelSum(graph, x, 'ReduceSum'), perChannelElement(graph, x));

/** x scale + shift per channel in one pass: inference normalisation with mean 0 and variance 1. */
export function affine(graph: Graph, x: Value, scale: Value, shift: Value): Value {
  const channels = x.shape?.[1] ?? 1;
  const zeros = graph.constant(new Float32Array(channels), [channels]);
  const ones = graph.constant(new Float32Array(channels).fill(1), [channels]);
  return graph.op('BatchNormalization', [x, scale, shift, zeros, ones], { epsilon: 0 });
}
