import { test } from 'tap';
import { inferenceModel, parametricModel, parseModel, readParameters, statisticsModel, type Value } from './index.js';
import { modelFile, testImages } from './testing/fixtures.js';
import { distance, type Feed, outputOf, run, vectors } from './testing/runtime.js';
import { constantOf, small } from './testing/small-models.js';

const COUNT = 12;
const model = parseModel(modelFile('fashion-edge.onnx'), 'edge.onnx');
const parameters = readParameters(model);
const x = testImages(0, COUNT);
const images = x.data;
const alike = new Float32Array(COUNT).fill(1 / COUNT);
const pooled = statisticsModel(model);

const measure = (weights: Float32Array, data = images, count = COUNT) =>
  run(
    pooled.bytes,
    new Map([
      [pooled.input, { data, dims: [count, 1, 28, 28] }],
      ['sample_weights', { data: weights, dims: [count] }],
      ...vectors(parameters).filter(([name]) => pooled.parameterInputs.includes(name)),
    ]),
  );

/** What a layer's samples amount to, with equal weights, by parameter key. */
function statistics(results: ReadonlyMap<string, Float32Array>): ReadonlyMap<string, Float32Array> {
  return new Map<string, Float32Array>(
    pooled.layers.flatMap(({ layer, means, squares, origin }) => {
      const [m, q] = [outputOf(results, means), outputOf(results, squares)];
      const mean = (values: Float32Array, c: number): number => {
        let sum = 0;
        for (let i = c; i < values.length; i += layer.channels) sum += values[i] as number;
        return sum / COUNT;
      };
      return [
        [`${layer.name}/mean`, origin.map((from, c) => from + mean(m, c))],
        [`${layer.name}/variance`, origin.map((_, c) => mean(q, c) - mean(m, c) ** 2)],
      ] as const;
    }),
  );
}

test('with equal weights every layer normalises by the batch', async (t) => {
  const feeds = new Map([[model.input.name, x], ...vectors(parameters).filter(([key]) => /gamma|beta/.test(key))]);
  const batch = await run(parametricModel(model, { statistics: 'batch' }), feeds);
  const logits = outputOf(await measure(alike), model.output.name);
  t.ok(distance(logits, outputOf(batch, model.output.name)) < 1e-4);
});

test('one pass measures what a model must be given to compute the same', async (t) => {
  const results = await measure(alike);
  const given = new Map([...parameters, ...statistics(results)]);
  const fed = await run(parametricModel(model), new Map([[model.input.name, x], ...vectors(given)]));
  t.ok(distance(outputOf(fed, model.output.name), outputOf(results, model.output.name)) < 1e-4);
});

test('a sample of weight 0 changes nothing for the others, whatever it is', async (t) => {
  const spoilt = Float32Array.of(...images, ...new Float32Array(784).fill(100));
  const honest = outputOf(await measure(alike), model.output.name);
  const beside = outputOf(await measure(Float32Array.of(...alike, 0), spoilt, COUNT + 1), model.output.name);
  t.ok(distance(beside.slice(0, honest.length), honest) < 1e-5);
  const counted = new Float32Array(COUNT + 1).fill(1 / (COUNT + 1));
  const moved = outputOf(await measure(counted, spoilt, COUNT + 1), model.output.name);
  t.ok(distance(moved.slice(0, honest.length), honest) > 0.1, 'with a weight it does');
});

test('with running statistics the logits are those of inference, and need no weights', async (t) => {
  const running = statisticsModel(model, { statistics: 'running' });
  t.equal(running.weights, undefined);
  const feeds = new Map([[model.input.name, x], ...vectors(parameters)]);
  const logits = outputOf(await run(running.bytes, feeds), model.output.name);
  t.ok(distance(logits, outputOf(await run(parametricModel(model), feeds), model.output.name)) < 1e-5);
});

test('the first layer alone needs no more than the first convolution', async (t) => {
  const first = statisticsModel(model, { statistics: 'running', depth: 1 });
  t.match(first, { logits: undefined, parameterInputs: [] });
  const results = await run(first.bytes, new Map([[model.input.name, x]]));
  const whole = await measure(alike);
  const [name] = first.layers.map(({ means }) => means);
  t.ok(distance(outputOf(results, name as string), outputOf(whole, name as string)) < 1e-5);
});

test('a folded layer is given the mean and the deviation that its output is to have', async (t) => {
  const folded = small([undefined, 2, 5, 6], (g, image) =>
    g.op('Relu', [g.op('Conv', [image, constantOf(g, [3, 2, 3, 3]), constantOf(g, [3], 2)], { pads: [1, 1, 1, 1] })]),
  );
  const { bytes, layers, input } = statisticsModel(folded);
  t.match(layers, [{ layer: { kind: 'ScaleShift' } }]);
  const [layer] = layers;
  const feeds = (mean: number): Map<string, Feed> =>
    new Map([
      [input, { data: Float32Array.from({ length: 240 }, (_, i) => Math.sin(i * i)), dims: [4, 2, 5, 6] }],
      ['sample_weights', { data: new Float32Array(4).fill(0.25), dims: [4] }],
      [`${layer?.layer.name}/gamma`, { data: Float32Array.of(1, 1, 1), dims: [3] }],
      [`${layer?.layer.name}/beta`, { data: new Float32Array(3).fill(mean), dims: [3] }],
    ]);
  // So far above 0 that Relu changes nothing: mean 10 and variance 1 come out.
  const y = outputOf(await run(bytes, feeds(10)), folded.output.name);
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  t.ok(Math.abs(mean - 10) < 1e-3, `${mean}`);
  const variance = y.reduce((sum, value) => sum + (value - mean) ** 2, 0) / y.length;
  t.ok(Math.abs(variance - 1) < 1e-3, `${variance}`);
});

test('a model without statistics of a batch is refused', async (t) => {
  const rows = small([undefined, 4, 6], (g, value) =>
    g.op('LayerNormalization', [value, constantOf(g, [6])], { axis: -1 }),
  );
  t.throws(() => statisticsModel(rows), { code: 'ONNX_NO_NORMALIZATION', message: /gradients/ });
});

test("a normalization of one's own stands for every BatchNormalization, with inputs and outputs of its own", async (t) => {
  let layers = 0;
  const written = inferenceModel(model, {
    normalization(graph, given, { channels, epsilon }, own) {
      layers += 1;
      const [gamma, beta, mean, variance] = (['gamma', 'beta', 'mean', 'variance'] as const).map((role) =>
        graph.reshape(own.get(role) as Value, [1, channels, 1, 1]),
      ) as [Value, Value, Value, Value];
      const normal = graph.div(graph.sub(given, mean), graph.sqrt(graph.plus(variance, graph.constant(epsilon))));
      return graph.plus(graph.mul(normal, gamma), beta);
    },
    outputs: (graph, logits) => new Map([['moved', graph.plus(logits, graph.input('by', [1]))]]),
  });
  t.ok(layers > 5);
  t.same([...written.otherInputs].sort(), [...parameters.keys(), 'by'].sort());
  const feeds = new Map<string, Feed>([[written.input, x], ...vectors(parameters)]);
  const plain = outputOf(await run(parametricModel(model), feeds), model.output.name);
  const moved = outputOf(
    await run(written.bytes, new Map([...feeds, ['by', { data: Float32Array.of(3), dims: [1] }]])),
    'moved',
  );
  t.ok(
    distance(
      moved,
      plain.map((logit) => logit + 3),
    ) < 1e-3,
  );
});
