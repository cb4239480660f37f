import type { Loss } from '@renorm/onnx';

/** Mean over the batch of the entropy of softmax(logits), in nats. */
export const meanEntropy: Loss = (graph, logits) => {
  const entropies = graph.neg(graph.reduceSum(graph.mul(graph.softmax(logits), graph.logSoftmax(logits)), [-1]));
  return graph.reduceMean(entropies);
};
