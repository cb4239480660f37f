import { test } from 'tap';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/types.js';
import { normalizationLayers, type OnnxModel, parameterKey, readParameters, withParameters } from '../index.js';
import { compute, constantOf, inShort, small } from '../testing/small-models.js';

const SHAPE = [undefined, 4, 6];

const layerNorm = (g: Graph, x: Value, beta = true, seed = 1): Value =>
  g.op('LayerNormalization', [x, constantOf(g, [6], seed), beta ? constantOf(g, [6], seed + 1) : undefined], {
    axis: -1,
    epsilon: 1e-3,
  });

const four = (g: Graph, ...seeds: readonly number[]): Value[] =>
  seeds.map((seed) => g.op('Identity', [constantOf(g, [4], seed)]));

const positive = (g: Graph): Value => g.constant(Float32Array.of(1, 2, 3, 4), [4]);

// biome-ignore format: one line each
const OPERATORS: readonly (readonly [string, string[], (g: Graph, x: Value) => Value, number?])[] = [
  ['BatchNormalization', ['BatchNormalization 4 gamma beta mean variance'], (g, x) => g.op('BatchNormalization', [x, ...four(g, 1, 2, 3), positive(g)])],
  ['LayerNormalization', ['LayerNormalization 6 gamma beta'], (g, x) => layerNorm(g, x)],
  ['LayerNormalization without a shift', ['LayerNormalization 6 gamma'], (g, x) => layerNorm(g, x, false)],
  ['LayerNormalization over two axes', ['LayerNormalization 24 gamma'], (g, x) => g.op('LayerNormalization', [x, constantOf(g, [4, 6])], { axis: 1 })],
  ['InstanceNormalization', ['InstanceNormalization 4 gamma beta'], (g, x) => g.op('InstanceNormalization', [x, ...four(g, 1, 2)])],
  ['GroupNormalization', ['GroupNormalization 4 gamma beta'], (g, x) => g.op('GroupNormalization', [x, ...four(g, 1, 2)], { num_groups: 2 }), 21],
  ['RMSNormalization', ['RMSNormalization 6 gamma'], (g, x) => g.op('RMSNormalization', [x, constantOf(g, [6])], { axis: -1 }), 23],
  ['two layers in order', ['LayerNormalization 6 gamma', 'InstanceNormalization 4 gamma beta'], (g, x) => g.op('InstanceNormalization', [layerNorm(g, x, false), ...four(g, 1, 2)])],
];

for (const [title, layers, build, opset] of OPERATORS) {
  test(`an operator that normalises: ${title}`, async (t) => {
    t.same(inShort(small(SHAPE, build, opset)), layers);
  });
}

/** Every node's name is another's too, or none has one. */
function named(model: OnnxModel, name: string): OnnxModel {
  for (const node of model.graph.node) node.name = name;
  return model;
}

for (const name of ['', 'same']) {
  test(`layers whose nodes are all called "${name}" go by their outputs`, async (t) => {
    const model = named(
      small(SHAPE, (g, x) => layerNorm(g, layerNorm(g, x), true, 3)),
      name,
    );
    const names = normalizationLayers(model).map((layer) => layer.name);
    t.equal(new Set(names).size, 2);
    t.same(
      names,
      model.graph.node.map(({ output }) => output[0]),
    );
    // onnxruntime refuses two nodes of one name; other runtimes do not.
    if (name !== '') return;
    const parameters = readParameters(model);
    const key = parameterKey({ name: names[1] as string }, 'gamma');
    const other = new Map([...parameters, [key, new Float32Array(6)]]);
    const y = await compute(withParameters(model, other), SHAPE);
    const beta = parameters.get(parameterKey({ name: names[1] as string }, 'beta')) as Float32Array;
    t.same(y.slice(0, 6), beta, 'the second alone has lost its scale');
  });
}

test('a scale that the model computes is no parameter', async (t) => {
  const model = small(SHAPE, (g, x) => {
    const scale = g.reduceMean(x, [0, 1]);
    return layerNorm(g, g.op('LayerNormalization', [x, scale], { axis: -1 }), false);
  });
  t.same(inShort(model), ['LayerNormalization 6 gamma']);
});

test('what was exported in training mode is refused, with the remedy', async (t) => {
  const model = small(SHAPE, (g, x) =>
    g.op('BatchNormalization', [x, ...four(g, 1, 2, 3), positive(g)], { training_mode: 1 }),
  );
  t.throws(() => normalizationLayers(model), { code: 'ONNX_UNSUPPORTED', message: /model\.eval\(\)/ });
});
