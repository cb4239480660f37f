import { test } from 'tap';
import {
  normalizationLayers,
  type OnnxModel,
  parameterKey,
  parameterKeys,
  parametricModel,
  type Role,
  readParameters,
  serializeModel,
  withParameters,
} from './index.js';
import type { ParameterSet } from './layers/layer.js';
import { newGraph } from './operators/new-graph.js';
import { fashionModel, fill, modelOf, normals, testImages } from './testing/fixtures.js';
import { distance, outputOf, run, vectors } from './testing/runtime.js';

/** Every value moved, variances kept positive. */
function moved(parameters: ParameterSet): ParameterSet {
  const next = normals(3);
  return new Map([...parameters].map(([key, values]) => [key, values.map((value) => value * (1 + 0.1 * next()))]));
}

/** Two layers whose parameters are one initializer behind Identity nodes, as PyTorch exports them before training. */
function sharing(): OnnxModel {
  const graph = newGraph(17);
  const ones = graph.constant(Float32Array.of(1, 1), [2]);
  const zeros = graph.constant(Float32Array.of(0, 0), [2]);
  const [gamma, beta] = [graph.op('Identity', [ones]), graph.op('Identity', [graph.op('Identity', [zeros])])];
  const x = graph.input('x', [undefined, 2]);
  const first = graph.op('BatchNormalization', [x, ones, zeros, zeros, ones], { epsilon: 1e-5 });
  const second = graph.op('BatchNormalization', [first, gamma, beta, beta, gamma], { epsilon: 1e-3 });
  return modelOf(graph, second, 'sharing.onnx');
}

test('layers and parameters are read in graph order', async (t) => {
  const model = fashionModel('edge');
  const layers = normalizationLayers(model);
  t.equal(layers.length, 21);
  t.equal(
    layers.reduce((sum, { channels }) => sum + channels, 0),
    784,
  );
  const parameters = readParameters(model);
  t.same([...parameters.keys()], layers.flatMap(parameterKeys));
  for (const layer of layers) {
    t.equal(parameters.get(parameterKey(layer, 'gamma'))?.length, layer.channels);
    t.ok(
      parameters.get(parameterKey(layer, 'variance'))?.every((value) => value > 0),
      'variances are positive',
    );
  }
});

test('what was read is a copy', async (t) => {
  const model = fashionModel('edge');
  for (const values of readParameters(model).values()) values.fill(0);
  t.ok([...readParameters(model).values()].some((values) => values.some((value) => value !== 0)));
});

test('parameters that were baked in are read back, and the model they came from keeps its own', async (t) => {
  for (const model of [fashionModel('edge'), sharing()]) {
    const own = readParameters(model);
    const other = moved(own);
    const baked = readParameters(withParameters(model, other));
    for (const [key, values] of other) t.equal(distance(baked.get(key) ?? [], values), 0, key);
    t.same(readParameters(model), own);
  }
});

for (const which of ['edge', 'foundation'] as const) {
  test(`${which}: baking in and feeding parameters give the same logits`, async (t) => {
    const model = fashionModel(which);
    const images = testImages(0, 4);
    for (const parameters of [readParameters(model), moved(readParameters(model))]) {
      const baked = await run(serializeModel(withParameters(model, parameters)), new Map([['images', images]]));
      const fed = await run(parametricModel(model), new Map([['images', images], ...vectors(parameters)]));
      t.ok(distance(outputOf(fed, 'logits'), outputOf(baked, 'logits')) < 1e-4);
    }
    const original = await run(serializeModel(model), new Map([['images', images]]));
    const fed = await run(parametricModel(model), new Map([['images', images], ...vectors(readParameters(model))]));
    t.ok(distance(outputOf(fed, 'logits'), outputOf(original, 'logits')) < 1e-4, 'as exported');
  });
}

test('layers that share an initializer get their own parameters', async (t) => {
  const model = sharing();
  const parameters = moved(readParameters(model));
  t.equal(parameters.size, 8);
  const x = { data: fill(6, normals(4)), dims: [3, 2] };
  const baked = await run(serializeModel(withParameters(model, parameters)), new Map([['x', x]]));
  const fed = await run(parametricModel(model), new Map([['x', x], ...vectors(parameters)]));
  const expected = layerByLayer(model, parameters, x.data);
  t.ok(distance(outputOf(baked, model.output.name), expected) < 1e-5);
  t.ok(distance(outputOf(fed, model.output.name), expected) < 1e-5);
});

/** Inference normalisation of [N, 2], one layer behind the other. */
function layerByLayer(model: OnnxModel, parameters: ParameterSet, x: Float32Array): number[] {
  return normalizationLayers(model).reduce(
    (values, layer) => {
      const at = (role: Role, i: number) => parameters.get(parameterKey(layer, role))?.[i % 2] ?? Number.NaN;
      return values.map((value, i) => {
        const deviation = Math.sqrt(at('variance', i) + layer.epsilon);
        return (at('gamma', i) * (value - at('mean', i))) / deviation + at('beta', i);
      });
    },
    [...x],
  );
}

test('parameters of another model are refused by name', async (t) => {
  const model = sharing();
  const own = readParameters(model);
  const name = [...own.keys()][0] as string;
  const without = new Map([...own].slice(1));
  const cases: [string, ParameterSet][] = [
    [`the parameter "${name}" is missing`, without],
    ['there is no parameter "stranger/gamma"', new Map([...own, ['stranger/gamma', Float32Array.of(1)]])],
    [`"${name}" has 3 values where 2 are needed`, new Map([...own, [name, Float32Array.of(1, 1, 1)]])],
    [`"${name}" has the value NaN at index 1`, new Map([...own, [name, Float32Array.of(1, Number.NaN)]])],
    [`"${name}" has the value Infinity at index 0`, new Map([...own, [name, Float32Array.of(1 / 0, 1)]])],
  ];
  for (const [message, parameters] of cases) {
    t.throws(() => withParameters(model, parameters), {
      code: 'ONNX_PARAMETER_MISMATCH',
      message: `ONNX_PARAMETER_MISMATCH: ${message}; the parameters belong to another model than sharing.onnx.`,
    });
  }
});
