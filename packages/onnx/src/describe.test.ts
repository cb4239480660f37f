import { test } from 'tap';
import type { Value } from './graph/types.js';
import { describeModel, normalizationLayers, trainingModel } from './index.js';
import { newGraph } from './operators/new-graph.js';
import { fashionModel, modelOf } from './testing/fixtures.js';

test('the edge model is described', async (t) => {
  const model = fashionModel('edge');
  const description = describeModel(model);
  t.match(description, {
    name: 'fashion-edge.onnx',
    opset: 17,
    producer: /^pytorch /,
    inputName: 'images',
    inputShape: ['batch', 1, 28, 28],
    outputName: 'logits',
    classes: 10,
    trainableCount: 2 * 784,
    obstacles: [],
  });
  t.same(description.layers, normalizationLayers(model));
  t.same(
    description.learnable,
    description.layers.map(({ name }) => name),
    'a gradient reaches every layer',
  );
  t.equal(description.operators.get('BatchNormalization'), 21);
  const counts = [...description.operators.values()];
  t.same(
    counts,
    counts.toSorted((a, b) => b - a),
    'the most frequent operator comes first',
  );
  t.equal(
    counts.reduce((sum, count) => sum + count, 0),
    model.graph.node.length,
  );
  // ResNet-20 has 0.27 million parameters; running statistics count here too.
  t.ok(description.parameterCount > 270_000 && description.parameterCount < 280_000, `${description.parameterCount}`);
});

/** Layers before and behind an operator, and one on a way around it. */
function obstructed() {
  const graph = newGraph(17);
  const vector = (value: number) => graph.constant(new Float32Array(3).fill(value), [3]);
  const layer = (name: string, x: Value): Value => {
    const y = { name: `${name}:0`, shape: x.shape };
    const inputs = [x, vector(1), vector(0), vector(0), vector(1)];
    graph.add({ type: 'BatchNormalization', name, inputs, outputs: [y], attributes: {} });
    return y;
  };
  const x = graph.input('x', [undefined, 3]);
  const before = layer('before', x);
  const swished = { name: 'swished', shape: x.shape };
  graph.add({ type: 'GridSample', name: 'the swish', inputs: [before], outputs: [swished], attributes: {} });
  const around = layer('around', graph.op('GridSample', [x]));
  return modelOf(graph, layer('behind', graph.plus(swished, around)), 'obstructed.onnx');
}

test('an operator that no gradient passes is an obstacle, and hides the layers before it', async (t) => {
  const { obstacles, learnable, layers } = describeModel(obstructed());
  t.same(obstacles, [
    { operator: 'GridSample', node: 'the swish', reason: 'no gradient rule for input 0 of GridSample' },
  ]);
  t.same(
    layers.map(({ name }) => name),
    ['before', 'around', 'behind'],
  );
  t.same(learnable, ['around', 'behind'], 'the same operator before every layer is none');
});

test('a model without layers can be described', async (t) => {
  const graph = newGraph(13);
  const description = describeModel(modelOf(graph, graph.op('Relu', [graph.input('x', [undefined, 3])])));
  t.same(description.layers, []);
  t.equal(description.trainableCount, 0);
  t.equal(description.opset, 13);
});

test('a layer that was exported in training mode is an obstacle, and training it is refused', async (t) => {
  const graph = newGraph(17);
  const vector = (value: number) => graph.constant(new Float32Array(3).fill(value), [3]);
  const inputs = [graph.input('x', [undefined, 3]), vector(1), vector(0), vector(0), vector(1)];
  const model = modelOf(graph, graph.op('BatchNormalization', inputs, { training_mode: 1 }), 'forgotten.onnx');
  const { learnable, obstacles } = describeModel(model);
  t.same(learnable, []);
  t.match(obstacles, [{ operator: 'BatchNormalization', reason: /exported in training mode/ }]);
  for (const call of [() => normalizationLayers(model), () => trainingModel(model, (g, y) => g.reduceMean(y))]) {
    t.throws(call, {
      code: 'ONNX_UNSUPPORTED',
      message: /in forgotten\.onnx normalises by its batch.*model\.eval\(\)/,
    });
  }
});
