import type { Graph, Loss, Value } from '@renorm/onnx';
import type { AdaptationOptions } from './options.js';

/** Name of the distillation graph's input with the foundation model's logits, float32 [batch, classes]. */
export const TARGET_LOGITS = 'target_logits';

/** H = -sum p ln p in nats, [batch]. */
function entropy(graph: Graph, logits: Value): Value {
  const logP = graph.logSoftmax(logits);
  return graph.neg(graph.reduceSum(graph.mul(graph.exp(logP), logP), [1]));
}

/** w = exp(E_max - H), held constant: sure samples weigh more. */
function confidence(graph: Graph, h: Value, classes: number, { entropyCeiling }: AdaptationOptions): Value {
  return graph.stopGradient(graph.exp(graph.sub(graph.constant(entropyCeiling * Math.log(classes)), h)));
}

function weightedEntropy(graph: Graph, logits: Value, classes: number, options: AdaptationOptions): Value {
  const h = entropy(graph, logits);
  return graph.reduceMean(graph.mul(confidence(graph, h, classes, options), h));
}

/** The foundation step: mean( w H ). */
export function entropyLoss(classes: number, options: AdaptationOptions): Loss {
  return (graph, logits) => weightedEntropy(graph, logits, classes, options);
}

/**
 * The distillation: 3 mean( w_s H(p_s) ) + 3 T^2 mean( w_t KL(p_t || p_s) ) + mean( w_t CE(argmax p_t, p_s) ), where
 * p_t comes from the input `target_logits` and T softens both sides of the divergence.
 */
export function distillationLoss(classes: number, options: AdaptationOptions): Loss {
  const { temperature: T, entropyWeight, divergenceWeight, crossEntropyWeight } = options;
  return (graph, logits) => {
    const targets = graph.input(TARGET_LOGITS, [undefined, classes]);
    const weight = confidence(graph, entropy(graph, targets), classes, options);
    const softTarget = graph.logSoftmax(graph.scale(targets, 1 / T));
    const softEdge = graph.logSoftmax(graph.scale(logits, 1 / T));
    const divergence = graph.reduceSum(graph.mul(graph.exp(softTarget), graph.sub(softTarget, softEdge)), [1]);
    const best = graph.atLeast(targets, graph.reduceMax(targets, [1], true));
    const crossEntropy = graph.neg(graph.reduceSum(graph.mul(best, graph.logSoftmax(logits)), [1]));
    return graph.sum(
      graph.scale(weightedEntropy(graph, logits, classes, options), entropyWeight),
      graph.scale(graph.reduceMean(graph.mul(weight, divergence)), divergenceWeight * T * T),
      graph.scale(graph.reduceMean(graph.mul(weight, crossEntropy)), crossEntropyWeight),
    );
  };
}
