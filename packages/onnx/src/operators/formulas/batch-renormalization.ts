import type { Graph } from '../../graph/graph.js';
import type { Operation, Value } from '../../graph/types.js';
import { type GradientRules, input } from '../operator.js';
import { affine, batchMoments, channelMean, channelSum } from './moments.js';

const epsilonOf = (graph: Graph, operation: Operation): Value =>
  graph.constant((operation.attributes.epsilon ?? 1e-5) as number);

/** s_run = sqrt(running variance + epsilon) */
const runningDeviation = (graph: Graph, op: Operation): Value =>
  graph.sqrt(graph.plus(input(op, 4), epsilonOf(graph, op)));

/**
 * Attribute of a BatchNormalization whose gradient holds the running statistics fixed. It is no part of ONNX, and never
 * in a file.
 */
export const HELD_STATISTICS = 'held_statistics';

/** a per channel, for x of [batch, channels, ...] */
const perChannel = (graph: Graph, a: Value, x: Value): Value =>
  graph.reshape(a, [1, -1, ...(x.shape ?? []).slice(2).map(() => 1)]);

/**
 * Batch renormalisation with r and d held constant (Ioffe 2017): y = gamma ((x - mu_B)/s_B r + d) + beta. Its value is
 * that of inference, gamma (x - mu_run)/s_run + beta; its gradient is that of training. With means over a channel of N
 * elements:
 *
 *   dL/dbeta  = sum g                          = N mean(g)
 *   dL/dgamma = sum g (x - mu_run)/s_run       = N (mean(g x) - mu_run mean(g)) / s_run
 *   dL/dx     = gamma/s_run (g - mean(g) - (x - mu_B) cov(g, x)/s_B^2)   with cov(g, x) = mean(g x) - mu_B mean(g)
 *             = A g + (B x + D): two reductions and two multiply-adds over the activation
 *
 * With the statistics held fixed, an affine: dL/dx = gamma/s_run g, and the others as above.
 */
export const batchNormalization: GradientRules = [
  (graph, g, op) => {
    const x = input(op, 0);
    const a = graph.div(input(op, 1), runningDeviation(graph, op));
    if (op.attributes[HELD_STATISTICS] === 1) return graph.mul(g, perChannel(graph, a, x));
    const { mean, variance } = batchMoments(graph, x);
    const meanG = channelMean(graph, g);
    const covariance = graph.sub(channelMean(graph, graph.mul(g, x)), graph.mul(mean, meanG));
    const b = graph.neg(graph.mul(a, graph.div(covariance, graph.plus(variance, epsilonOf(graph, op)))));
    const d = graph.neg(graph.plus(graph.mul(a, meanG), graph.mul(b, mean)));
    return graph.plus(graph.mul(g, perChannel(graph, a, x)), affine(graph, x, b, d));
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
];
