import { test } from 'tap';
import type { Value } from './graph/types.js';
import { type OnnxModel, parametricModel, readParameters, trainingModel, withParameters } from './index.js';
import { newGraph } from './operators/new-graph.js';
import { modelOf } from './testing/fixtures.js';
import { meanEntropy } from './testing/losses.js';

/**
 * A chain of convolutions, each with a normalization and a Relu behind it, or with a bias that a normalization was
 * folded into.
 */
function chain(depth: number, folded: boolean): OnnxModel {
  const graph = newGraph(17);
  let x: Value = graph.input('x', [undefined, 2, 2, 2]);
  const vector = (...values: readonly [number, number]): Value => graph.constant(Float32Array.from(values), [2]);
  for (let i = 0; i < depth; i++) {
    const weight = graph.constant(Float32Array.of(1, i, 0, 1), [2, 2, 1, 1]);
    if (folded) x = graph.op('Conv', [x, weight, vector(i, 0)]);
    else
      x = graph.op('BatchNormalization', [
        graph.op('Conv', [x, weight]),
        vector(i, 1),
        vector(0, i),
        vector(i, 0),
        vector(1, i + 1),
      ]);
    x = graph.op('Relu', [x]);
  }
  return modelOf(graph, graph.op('Flatten', [graph.op('GlobalAveragePool', [x])]));
}

const milliseconds = (work: () => unknown): number => {
  const start = performance.now();
  work();
  return performance.now() - start;
};

const WORK: Readonly<Record<string, (model: OnnxModel) => unknown>> = {
  'is written as a training graph': (model) => trainingModel(model, meanEntropy),
  'is written with its parameters as inputs': (model) => parametricModel(model),
  'has its parameters baked in': (model) => withParameters(model, readParameters(model)),
};

for (const folded of [false, true]) {
  for (const [title, work] of Object.entries(WORK)) {
    test(`a ${folded ? 'folded ' : ''}chain of 2,000 blocks ${title} in time in proportion to its length`, async (t) => {
      const [short, long] = [chain(200, folded), chain(2000, folded)];
      work(short);
      const once = milliseconds(() => work(short));
      const tenTimes = milliseconds(() => work(long));
      // Quadratic work would take a hundred times as long. Other processes and the collector of garbage may disturb
      // both.
      t.ok(tenTimes < 40 * once + 100, `${tenTimes.toFixed(0)} ms after ${once.toFixed(0)} ms for a tenth of it`);
      t.comment(`${tenTimes.toFixed(0)} ms after ${once.toFixed(0)} ms`);
    });
  }
}
