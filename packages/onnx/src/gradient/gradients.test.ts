import { test } from 'tap';
import { trainingModel } from '../index.js';
import { newGraph } from '../operators/new-graph.js';
import { fashionModel, fileOf, fill, modelOf, normals } from '../testing/fixtures.js';
import { distance, outputOf, run } from '../testing/runtime.js';
import { gradients } from './gradients.js';

test('nothing is built for frozen parts', async (t) => {
  const graph = newGraph(17);
  const x = graph.input('x', [undefined, 3]);
  const w = graph.input('w', [3]);
  const frozen = graph.exp(graph.exp(x));
  const loss = graph.reduceSum(graph.mul(frozen, w), [0, 1]);
  const before = graph.operations.length;
  const found = gradients(graph, loss, [w]);
  t.same([...found.keys()], ['w']);
  const added = graph.operations.slice(before);
  const count = (type: string) => added.filter((operation) => operation.type === type).length;
  t.equal(count('Exp'), 0);
  t.equal(count('Mul'), 1, 'one factor of the product has a gradient, the other has none');
});

test('operators without a rule do no harm in frozen parts', async (t) => {
  const graph = newGraph(17);
  const w = graph.input('w', [3]);
  const sign = graph.op('Sign', [graph.input('x', [undefined, 3])]);
  const found = gradients(graph, graph.reduceSum(graph.mul(sign, w), [0, 1]), [w]);
  t.ok(found.has('w'));
});

test('what stands before the first layer gets no gradient', async (t) => {
  const graph = newGraph(17);
  const x = graph.input('x', [undefined, 1, 6, 6]);
  const kernel = graph.constant(fill(9, normals(1)), [1, 1, 3, 3]);
  const stem = graph.op('Conv', [x, kernel], { kernel_shape: [3, 3] });
  const parameters = ['gamma', 'beta', 'mean', 'variance'].map((name) => graph.input(name, [1]));
  const head = graph.op('Conv', [graph.op('BatchNormalization', [stem, ...parameters]), kernel], {
    kernel_shape: [3, 3],
  });
  const loss = graph.reduceSum(head, [0, 1, 2, 3]);
  const before = graph.operations.length;
  gradients(graph, loss, parameters.slice(0, 2));
  const added = graph.operations.slice(before).filter(({ type }) => type === 'Conv' || type === 'ConvTranspose');
  t.equal(added.length, 1, 'one convolution back through the head, none through the stem');
});

test('a target that the loss does not depend on has no gradient', async (t) => {
  const graph = newGraph(17);
  const [a, b] = [graph.input('a', [3]), graph.input('b', [3])];
  t.same([...gradients(graph, graph.reduceSum(a, [0]), [a, b]).keys()], ['a']);
});

test('broadcasting is undone: a gradient has the shape of its value', async (t) => {
  const graph = newGraph(17);
  const [matrix, row, column, scalar] = [
    graph.input('matrix', [undefined, 3]),
    graph.input('row', [3]),
    graph.input('column', [2, 1]),
    graph.input('scalar', []),
  ];
  const total = graph.sum(matrix, row, column, scalar);
  const found = gradients(graph, graph.reduceSum(total, [0, 1]), [matrix, row, column, scalar]);
  const results = await run(
    fileOf(graph, Object.fromEntries([...found].map(([name, value]) => [`d${name}`, value]))),
    new Map([
      ['matrix', { data: new Float32Array(6), dims: [2, 3] }],
      ['row', { data: new Float32Array(3), dims: [3] }],
      ['column', { data: new Float32Array(2), dims: [2, 1] }],
      ['scalar', { data: new Float32Array(1), dims: [] }],
    ]),
  );
  t.same([...outputOf(results, 'dmatrix')], [1, 1, 1, 1, 1, 1]);
  t.same([...outputOf(results, 'drow')], [2, 2, 2]);
  t.same([...outputOf(results, 'dcolumn')], [3, 3]);
  t.same([...outputOf(results, 'dscalar')], [6]);
});

test('a value that is used twice gets the sum of both gradients', async (t) => {
  const graph = newGraph(17);
  const x = graph.input('x', [3]);
  const loss = graph.reduceSum(graph.plus(graph.mul(x, x), x), [0]);
  const [dx] = gradients(graph, loss, [x]).values();
  if (dx === undefined) throw new Error('there is no gradient');
  const results = await run(fileOf(graph, { dx }), new Map([['x', { data: Float32Array.of(1, 2, -3), dims: [3] }]]));
  t.same([...outputOf(results, 'dx')], [3, 5, -5]);
});

test('no gradient flows through stopGradient, and the value passes', async (t) => {
  const graph = newGraph(17);
  const x = graph.input('x', [3]);
  const weighted = graph.mul(graph.stopGradient(graph.exp(x)), x);
  const [dx] = gradients(graph, graph.reduceSum(weighted, [0]), [x]).values();
  if (dx === undefined) throw new Error('there is no gradient');
  const data = Float32Array.of(0, 1, -2);
  const results = await run(fileOf(graph, { weighted, dx }), new Map([['x', { data, dims: [3] }]]));
  t.ok(
    distance(
      outputOf(results, 'weighted'),
      data.map((v) => v * Math.exp(v)),
    ) < 1e-6,
  );
  t.ok(
    distance(
      outputOf(results, 'dx'),
      data.map((v) => Math.exp(v)),
    ) < 1e-6,
    'exp(x), and not exp(x) + x exp(x)',
  );
});

test('another Identity of a stopped value lets the gradient pass', async (t) => {
  const graph = newGraph(17);
  const x = graph.input('x', [3]);
  const passed = graph.op('Identity', [x]);
  const stopped = graph.stopGradient(x);
  const [dx] = gradients(graph, graph.reduceSum(graph.mul(stopped, passed), [0]), [x]).values();
  if (dx === undefined) throw new Error('there is no gradient');
  const results = await run(fileOf(graph, { dx }), new Map([['x', { data: Float32Array.of(1, 2, 3), dims: [3] }]]));
  t.same([...outputOf(results, 'dx')], [1, 2, 3]);
});

test('an operator without a rule on the way is named with its node', async (t) => {
  const graph = newGraph(17);
  const vector = (value: number) => graph.constant(new Float32Array(3).fill(value), [3]);
  const x = graph.input('x', [undefined, 3, 4, 4]);
  const y = graph.op('BatchNormalization', [x, vector(1), vector(0), vector(0), vector(1)]);
  graph.add({
    type: 'MeanVarianceNormalization',
    name: 'the response',
    inputs: [y],
    outputs: [{ name: 'scaled', shape: y.shape }],
    attributes: {},
  });
  const model = modelOf(graph, graph.op('GlobalAveragePool', [{ name: 'scaled', shape: y.shape }]));
  t.throws(() => trainingModel(model, (g, logits) => g.reduceMean(logits)), {
    code: 'ONNX_OPERATOR_WITHOUT_RULE',
    message: /input 0 of "the response", a MeanVarianceNormalization/,
  });
});

test('a layer whose input has no known shape is refused, and trained once the model states the shape', async (t) => {
  const graph = newGraph(17);
  const ones = graph.constant(new Float32Array(3).fill(1), [3]);
  const x = graph.input('x', [undefined, 3, 4, 4]);
  const odd = graph.op('Col2Im', [x]);
  const model = modelOf(graph, graph.op('BatchNormalization', [odd, ones, ones, ones, ones]), 'odd.onnx');
  const train = () => trainingModel(model, (g, logits) => g.reduceMean(logits));
  t.throws(train, { code: 'ONNX_UNSUPPORTED', message: /the input of ".*" in odd\.onnx, is not known/ });
  const [input] = model.graph.input;
  if (input === undefined) throw new Error('the model has no input');
  model.graph.valueInfo.push({ ...input, name: odd.name });
  t.equal(train().gradients.size, 2);
});

test('a strided convolution of an image of open size is refused', async (t) => {
  const graph = newGraph(17);
  const x = graph.input('x', [undefined, 1, undefined, undefined]);
  const kernel = graph.constant(new Float32Array(9), [1, 1, 3, 3]);
  const y = graph.op('Conv', [x, kernel], { strides: [2, 2] });
  t.throws(() => gradients(graph, graph.reduceSum(y, [0, 1, 2, 3]), [x]), { code: 'ONNX_UNSUPPORTED' });
});

test('the edge model has a gradient for gamma and beta of every layer', async (t) => {
  const training = trainingModel(fashionModel('edge'), (graph, logits) => graph.reduceMean(logits));
  t.equal(training.gradients.size, 42);
  t.equal(training.statistics.size, 42);
  t.equal(training.parameterInputs.length, 84);
});
