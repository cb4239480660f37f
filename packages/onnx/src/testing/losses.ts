import type { Graph, Loss, Value } from '../index.js';

// The losses of models/train/reference.py, in the graph.

/** Nats, per sample: [batch]. */
function entropyOf(graph: Graph, logits: Value): Value {
  const logP = graph.logSoftmax(logits, 1);
  return graph.neg(graph.reduceSum(graph.mul(graph.exp(logP), logP), [1]));
}

/** exp(ceiling ln C - H) per sample, held constant. */
function weightOf(graph: Graph, logits: Value, entropies: Value, ceiling: number): Value {
  const limit = graph.constant(ceiling * Math.log(logits.shape?.[1] ?? 1));
  return graph.stopGradient(graph.exp(graph.sub(limit, entropies)));
}

/** mean(w H), w = exp(E_max - H) held constant, E_max = ceiling ln C. */
export const entropy =
  (ceiling: number): Loss =>
  (graph, logits) => {
    const h = entropyOf(graph, logits);
    return graph.reduceMean(graph.mul(weightOf(graph, logits, h, ceiling), h));
  };

/** mean(H), as in models/zoo. */
export const meanEntropy: Loss = (graph, logits) => graph.reduceMean(entropyOf(graph, logits));

/**
 * 3 mean(w_s H(p_s)) + 3 mean(w_t KL(p_t || p_s)) + mean(w_t CE(argmax p_t, p_s)), with the teacher's logits as input
 * `targets`.
 */
export const distillation =
  (ceiling: number): Loss =>
  (graph, logits) => {
    const targets = graph.input('targets', [undefined, logits.shape?.[1]]);
    const [logS, logT] = [graph.logSoftmax(logits, 1), graph.logSoftmax(targets, 1)];
    const weight = weightOf(graph, targets, entropyOf(graph, targets), ceiling);
    const divergence = graph.reduceSum(graph.mul(graph.exp(logT), graph.sub(logT, logS)), [1]);
    const best = graph.atLeast(targets, graph.reduceMax(targets, [1], true));
    const cross = graph.neg(graph.reduceSum(graph.mul(best, logS), [1]));
    return graph.sum(
      graph.scale(entropy(ceiling)(graph, logits), 3),
      graph.scale(graph.reduceMean(graph.mul(weight, divergence)), 3),
      graph.reduceMean(graph.mul(weight, cross)),
    );
  };
