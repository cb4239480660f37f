import type { Graph, Loss, Value } from '@renorm/onnx';

/** Input of a loss: what each sample counts, float32 [batch, 1]. */
export const WEIGHTS = 'weights';
/** Input of a loss: logits of who teaches, float32 [batch, classes]. */
export const TARGETS = 'target_logits';
/** Input of ROID's loss: what the likelihood ratio of each sample counts, float32 [batch, 1]. */
export const CERTAINTY = 'certainty';

/** -sum p ln q, [batch, 1]. @param logP logarithms, as are those of q */
const crossEntropy = (graph: Graph, logP: Value, logQ: Value): Value =>
  graph.neg(graph.reduceSum(graph.mul(graph.exp(logP), logQ), [1], true));

const weightsOf = (graph: Graph, name = WEIGHTS): Value => graph.input(name, [undefined, 1]);

/** mean( w H ) */
export const weightedEntropy: Loss = (graph, logits) => {
  const logP = graph.logSoftmax(logits);
  return graph.reduceMean(graph.mul(weightsOf(graph), crossEntropy(graph, logP, logP)));
};

/** mean( -sum t ln p ), t from the input of target logits */
export function crossEntropyLoss(classes: number): Loss {
  return (graph, logits) => {
    const logT = graph.logSoftmax(graph.input(TARGETS, [undefined, classes]));
    return graph.reduceMean(crossEntropy(graph, logT, graph.logSoftmax(logits)));
  };
}

/** -sum t ln p and -sum p ln t, half of each, [batch, 1] (Doebler et al., RMT, CVPR 2023). */
function symmetric(graph: Graph, logits: Value, classes: number): Value {
  const logT = graph.logSoftmax(graph.input(TARGETS, [undefined, classes]));
  const logP = graph.logSoftmax(logits);
  return graph.scale(graph.plus(crossEntropy(graph, logT, logP), crossEntropy(graph, logP, logT)), 0.5);
}

/** mean( w SCE(t, p) ) */
export function symmetricLoss(classes: number): Loss {
  return (graph, logits) => graph.reduceMean(graph.mul(weightsOf(graph), symmetric(graph, logits, classes)));
}

/** From it on a probability of the likelihood ratio is held constant, as in ROID's published code. */
const CLIP = 0.99;

/**
 * mean( c SLR(p) ) + mean( w SCE(t, p) ) with the soft likelihood ratio -sum p ln( p / (1 - p) ) (Marsden et al., ROID,
 * WACV 2024): its gradient does not fade where the model is sure, as entropy's does.
 */
export function likelihoodRatioLoss(classes: number): Loss {
  return (graph, logits) => {
    const one = graph.constant(1);
    const p = graph.op('Clip', [graph.softmax(logits), undefined, graph.constant(CLIP)]);
    const ratio = graph.op('Log', [graph.plus(graph.div(p, graph.sub(one, p)), graph.constant(1e-5))]);
    const slr = graph.neg(graph.reduceSum(graph.mul(p, ratio), [1], true));
    return graph.plus(
      graph.reduceMean(graph.mul(weightsOf(graph, CERTAINTY), slr)),
      graph.reduceMean(graph.mul(weightsOf(graph), symmetric(graph, logits, classes))),
    );
  };
}
