import { test } from 'tap';
import { gradients } from '../gradient/gradients.js';
import { type Loss, readParameters, trainingModel, type Value } from '../index.js';
import { normalizationLayers } from '../layers/find-layers.js';
import { type ParameterSet, parameterKey, type Role } from '../layers/layer.js';
import { fileOf, fill, modelOf, normals } from '../testing/fixtures.js';
import { distance, outputOf, run, vectors } from '../testing/runtime.js';
import { newGraph } from './new-graph.js';

/** A layer on x, [batch, channels, ...] in one line, with everything in float64. */
interface Layer {
  readonly x: number[];
  readonly dims: readonly number[];
  readonly gamma: number[];
  readonly beta: number[];
  readonly mean: number[];
  readonly variance: number[];
  readonly epsilon: number;
}

const channelAt = (dims: readonly number[], i: number): number =>
  Math.floor(i / dims.slice(2).reduce((p, d) => p * d, 1)) % (dims[1] as number);

/** Mean and biased variance of each channel. */
function moments({ x, dims }: Layer): { mean: number[]; variance: number[] } {
  const channels = Array.from({ length: dims[1] as number }, (_, c) => x.filter((_, i) => channelAt(dims, i) === c));
  const mean = channels.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  const variance = channels.map(
    (values, c) => values.reduce((sum, value) => sum + (value - (mean[c] as number)) ** 2, 0) / values.length,
  );
  return { mean, variance };
}

/** Batch renormalisation, Ioffe 2017: y = gamma ((x - mu_B)/s_B r + d) + beta, with r and d of `fixed`. */
function forward(layer: Layer, fixed: Layer): number[] {
  const [own, base] = [moments(layer), moments(fixed)];
  return layer.x.map((value, i) => {
    const c = channelAt(layer.dims, i);
    const at = (values: readonly number[]) => values[c] as number;
    const running = Math.sqrt(at(fixed.variance) + fixed.epsilon);
    const r = Math.sqrt(at(base.variance) + fixed.epsilon) / running;
    const d = (at(base.mean) - at(fixed.mean)) / running;
    const normal = (value - at(own.mean)) / Math.sqrt(at(own.variance) + layer.epsilon);
    return at(layer.gamma) * (normal * r + d) + at(layer.beta);
  });
}

/** The derivative of sum(c y) for each value of one input, by central differences in float64. */
function reference(layer: Layer, of: 'x' | 'gamma' | 'beta', c: Float32Array): number[] {
  const step = 1e-5;
  return layer[of].map((_, k) => {
    const loss = (sign: number) => {
      const moved = layer[of].map((value, i) => (i === k ? value + sign * step : value));
      return forward({ ...layer, [of]: moved }, layer).reduce((sum, y, i) => sum + y * (c[i] as number), 0);
    };
    return (loss(1) - loss(-1)) / (2 * step);
  });
}

const shapes = [
  { dims: [6, 3], epsilon: 1e-5 },
  { dims: [4, 3, 5], epsilon: 1e-5 },
  { dims: [3, 2, 4, 3], epsilon: 0.3 },
  { dims: [2, 2, 2, 3, 2], epsilon: 1e-5 },
];

function sampleLayer(dims: readonly number[], epsilon: number, offset: number): Layer {
  const next = normals(11);
  const vector = (make: () => number) => [...fill(dims[1] as number, make)];
  return {
    x: [
      ...fill(
        dims.reduce((p, d) => p * d, 1),
        () => offset + next(),
      ),
    ],
    dims,
    gamma: vector(() => 1 + 0.3 * next()),
    beta: vector(next),
    mean: vector(() => offset + 0.5 * next()),
    variance: vector(() => 1.5 + Math.abs(next())),
    epsilon,
  };
}

for (const { dims, epsilon } of shapes) {
  test(`BatchNormalization [${dims}] has the gradient of batch renormalisation`, async (t) => {
    const layer = sampleLayer(dims, epsilon, 0.5);
    const graph = newGraph(17);
    const x = graph.input('x', [undefined, ...dims.slice(1)]);
    const parameters = (['gamma', 'beta', 'mean', 'variance'] as const).map((name) =>
      graph.input(name, [layer[name].length]),
    );
    const y = graph.op('BatchNormalization', [x, ...parameters], { epsilon });
    const c = graph.input('c', [undefined, ...dims.slice(1)]);
    const loss = graph.reduceSum(
      graph.mul(y, c),
      dims.map((_, axis) => axis),
    );
    const [gamma, beta] = parameters;
    const found = gradients(graph, loss, [x, ...[gamma, beta].flatMap((value) => value ?? [])]);
    const bytes = fileOf(graph, { y, ...Object.fromEntries([...found].map(([name, g]) => [`d${name}`, g])) });
    const weights = fill(layer.x.length, normals(12));
    const results = await run(
      bytes,
      new Map([
        ['x', { data: Float32Array.from(layer.x), dims }],
        ['c', { data: weights, dims }],
        ...vectors(
          new Map(
            (['gamma', 'beta', 'mean', 'variance'] as const).map((name) => [name, Float32Array.from(layer[name])]),
          ),
        ),
      ]),
    );
    t.ok(distance(outputOf(results, 'y'), forward(layer, layer)) < 1e-5, 'the value is that of inference');
    for (const of of ['x', 'gamma', 'beta'] as const) {
      const apart = distance(outputOf(results, `d${of}`), reference(layer, of, weights));
      t.ok(apart < 1e-4, `${of}: ${apart}`);
    }
  });
}

for (const behind of ['the input', 'a convolution', 'a convolution with a bias'] as const) {
  test(`a layer behind ${behind} keeps its digits where the mean is 1000 deviations from zero`, async (t) => {
    const dims = [8, 2, 3, 3];
    const layer = sampleLayer(dims, 1e-5, 1000);
    const graph = newGraph(17);
    const x = graph.input('x', [undefined, 2, 3, 3]);
    const bias = behind === 'a convolution with a bias' ? [graph.constant(Float32Array.of(500, 500), [2])] : [];
    const kernel = graph.constant(Float32Array.of(1, 0, 0, 1), [2, 2, 1, 1]);
    const before = behind === 'the input' ? x : graph.op('Conv', [x, kernel, ...bias], { kernel_shape: [1, 1] });
    const vector = (values: number[]) => graph.constant(Float32Array.from(values), [values.length]);
    const constants = [layer.gamma, layer.beta, layer.mean, layer.variance].map(vector);
    const y = graph.op('BatchNormalization', [before, ...constants], { epsilon: 1e-5 });
    const model = modelOf(graph, y);
    const [found] = normalizationLayers(model);
    if (found === undefined) throw new Error('the layer is lost');
    const key = (role: Role): string => parameterKey(found, role);
    // The running mean has gone on since the export.
    const moved = { ...layer, mean: layer.mean.map((value) => value + 0.25) };
    const parameters: ParameterSet = new Map(found.roles.map((role) => [key(role), Float32Array.from(moved[role])]));
    const training = trainingModel(model, (g, logits) => g.reduceSum(g.mul(logits, logits), [0, 1, 2, 3]));
    const images = Float32Array.from(layer.x, (value) => value - (bias.length === 0 ? 0 : 500));
    const exact = {
      ...moved,
      x: Array.from(images, (value) => value + (bias.length === 0 ? 0 : 500)),
      mean: Array.from(parameters.get(key('mean')) ?? []),
    };
    const results = await run(training.bytes, new Map([['x', { data: images, dims }], ...vectors(parameters)]));
    const value = forward(exact, exact);
    const doubled = Float32Array.from(value, (v) => 2 * v);
    const batch = moments(exact);
    const near = (name: string, from: ReadonlyMap<string, string>, expected: number[]) => {
      const apart = distance(outputOf(results, from.get(name) ?? ''), expected);
      t.ok(apart < 1e-4, `${name}: ${apart}`);
    };
    t.ok(distance(outputOf(results, 'logits'), value) < 1e-4, 'the value is that of inference');
    near(key('mean'), training.statistics, batch.mean);
    near(key('variance'), training.statistics, batch.variance);
    near(key('gamma'), training.gradients, reference(exact, 'gamma', doubled));
    near(key('beta'), training.gradients, reference(exact, 'beta', doubled));
  });
}

test('with the statistics held fixed, the gradient is that of an affine, and the graph is shorter and has no statistics', async (t) => {
  const dims = [4, 3, 3, 3];
  const layer = sampleLayer(dims, 1e-3, 0.5);
  const graph = newGraph(17);
  const x = graph.input('x', [undefined, 3, 3, 3]);
  const vector = (values: number[]) => graph.constant(Float32Array.from(values), [values.length]);
  const normalized = (of: Value): Value =>
    graph.op('BatchNormalization', [of, ...[layer.gamma, layer.beta, layer.mean, layer.variance].map(vector)], {
      epsilon: 1e-3,
    });
  // Two layers: the first one's gradient goes through the second.
  const model = modelOf(graph, normalized(graph.op('Tanh', [normalized(x)])));
  const loss: Loss = (g, logits) => g.reduceSum(g.mul(logits, logits), [0, 1, 2, 3]);
  const training = trainingModel(model, loss, { statistics: 'held' });
  t.equal(training.statistics.size, 0);
  t.ok(training.bytes.length < trainingModel(model, loss).bytes.length);
  const parameters = readParameters(model);
  const at = (given: ParameterSet) =>
    run(training.bytes, new Map([['x', { data: Float32Array.from(layer.x), dims }], ...vectors(given)]));
  const results = await at(parameters);
  const moved = async (key: string, c: number, by: number): Promise<number> => {
    const values = Float32Array.from(parameters.get(key) ?? []);
    values[c] = (values[c] as number) + by;
    return outputOf(await at(new Map(parameters).set(key, values)), training.loss)[0] as number;
  };
  t.equal(training.gradients.size, 4);
  for (const [key, name] of training.gradients) {
    const gradient = outputOf(results, name);
    for (let c = 0; c < 3; c++) {
      const reference = ((await moved(key, c, 0.01)) - (await moved(key, c, -0.01))) / 0.02;
      t.ok(
        Math.abs((gradient[c] as number) - reference) < 0.01 * (1 + Math.abs(reference)),
        `${key} ${c}: ${gradient[c]}, ${reference}`,
      );
    }
  }
});
