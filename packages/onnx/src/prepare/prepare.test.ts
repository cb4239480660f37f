import { test } from 'tap';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/types.js';
import {
  classifierOutput,
  describeModel,
  inClassOrder,
  logitsModel,
  prepareClassifier,
  trainingModel,
} from '../index.js';
import { meanEntropy } from '../testing/losses.js';
import { computed, modelWith } from '../testing/outputs.js';
import { distance } from '../testing/runtime.js';
import { constantOf } from '../testing/small-models.js';
import { scores as newScores } from '../testing/whole-models.js';

function softmaxRows(values: Float32Array, classes: number): Float32Array {
  return values.map((value, i) => {
    const row = values.subarray(i - (i % classes), i - (i % classes) + classes);
    return Math.exp(value) / row.reduce((sum, each) => sum + Math.exp(each), 0);
  });
}

/** One and the same for every output of a graph. */
const SCORES = new WeakMap<Graph, Value>();
function scores(graph: Graph, x: Value): Value {
  const value = SCORES.get(graph) ?? newScores(graph, x);
  SCORES.set(graph, value);
  return value;
}

const features = (graph: Graph, x: Value): Value => graph.op('Relu', [scores(graph, x)]);
const head = (graph: Graph, x: Value): Value =>
  graph.op('Gemm', [x, constantOf(graph, [5, 6], 21), constantOf(graph, [6], 22)]);

/** Outputs, which of them leads to the scores, how probabilities are made of them, and the number of classes. */
const CLEAR: readonly (readonly [string, (graph: Graph, x: Value) => Record<string, Value>, string, string, number])[] =
  [
    ['scores', (g, x) => ({ scores: scores(g, x) }), 'scores', 'none', 5],
    ['a Softmax', (g, x) => ({ probabilities: g.softmax(scores(g, x), 1) }), 'probabilities', 'softmax', 5],
    ['a LogSoftmax', (g, x) => ({ logs: g.logSoftmax(scores(g, x)) }), 'logs', 'log-softmax', 5],
    ['a Sigmoid', (g, x) => ({ chances: g.op('Sigmoid', [scores(g, x)]) }), 'chances', 'sigmoid', 5],
    [
      'a Softmax in primitive operators',
      (g, x) => {
        const e = g.exp(scores(g, x));
        return { probabilities: g.div(e, g.reduceSum(e, [1], true)) };
      },
      'probabilities',
      'softmax',
      5,
    ],
    [
      'a Softmax, then Identity and a Reshape',
      (g, x) => ({ y: g.op('Identity', [g.reshape(g.softmax(scores(g, x)), [-1, 5])]) }),
      'y',
      'softmax',
      5,
    ],
    [
      'the logarithm of a Softmax that was kept from 0',
      (g, x) => {
        const kept = [g.constant(1e-7), g.constant(1)];
        return { logs: g.op('Log', [g.op('Clip', [g.softmax(scores(g, x)), ...kept])]) };
      },
      'logs',
      'log-softmax',
      5,
    ],
    ['a Softmax times 1', (g, x) => ({ p: g.mul(g.softmax(scores(g, x)), g.constant(1)) }), 'p', 'softmax', 5],
    ['clipped scores', (g, x) => ({ y: g.op('Clip', [scores(g, x), g.constant(-9), g.constant(9)]) }), 'y', 'none', 5],
    [
      'exponentials over all of a batch, which are no Softmax',
      (g, x) => {
        const e = g.exp(scores(g, x));
        return { y: g.div(e, g.op('ReduceSum', [e], { keepdims: 1 })) };
      },
      'y',
      'none',
      5,
    ],
    ['scores and their Softmax', (g, x) => ({ s: scores(g, x), p: g.softmax(scores(g, x)) }), 'p', 'softmax', 5],
    ['the Softmax and its scores', (g, x) => ({ p: g.softmax(scores(g, x)), s: scores(g, x) }), 'p', 'softmax', 5],
    [
      'features, then scores',
      (g, x) => ({ features: features(g, x), scores: head(g, features(g, x)) }),
      'scores',
      'none',
      6,
    ],
    [
      'scores, then features',
      (g, x) => ({ scores: head(g, features(g, x)), features: features(g, x) }),
      'scores',
      'none',
      6,
    ],
    [
      'a label, then probabilities',
      (g, x) => ({ label: g.op('ArgMax', [scores(g, x)], { axis: 1, keepdims: 0 }), p: g.softmax(scores(g, x)) }),
      'p',
      'softmax',
      5,
    ],
    [
      'features and a label of scores that are no output',
      (g, x) => ({
        features: features(g, x),
        label: g.op('ArgMax', [head(g, features(g, x))], { axis: 1, keepdims: 0 }),
      }),
      'label',
      'none',
      6,
    ],
    ['scores with an axis of size 1', (g, x) => ({ y: g.reshape(scores(g, x), [-1, 1, 5]) }), 'y', 'none', 5],
    ['scores as an image of size 1', (g, x) => ({ y: g.reshape(scores(g, x), [-1, 5, 1, 1]) }), 'y', 'none', 5],
  ];

for (const [title, build, output, probabilities, classes] of CLEAR) {
  test(`the scores are found where a model gives ${title}`, async (t) => {
    const model = modelWith(build);
    const found = classifierOutput(model);
    t.match({ ...found }, { output, probabilities, classes });
    const { model: bare } = logitsModel(model);
    t.same(describeModel(bare).classes, classes);
    const logits = await computed(bare, 3);
    t.equal(logits.length, 3 * classes, 'rows of scores');
    if (output === 'label') return;
    const own = await computed(model, 3, output);
    const again =
      probabilities === 'softmax'
        ? softmaxRows(logits, classes)
        : probabilities === 'log-softmax'
          ? softmaxRows(logits, classes).map(Math.log)
          : probabilities === 'sigmoid'
            ? logits.map((value) => 1 / (1 + Math.exp(-value)))
            : logits;
    t.ok(distance(again, own) < 1e-5, "probabilities are the model's own");
    t.equal(trainingModel(bare, meanEntropy).gradients.size, 2);
  });
}

test('a model whose only output are scores stays as it is', async (t) => {
  const model = modelWith((g, x) => ({ scores: scores(g, x) }));
  t.equal(prepareClassifier(model).model, model);
  t.same(prepareClassifier(model).changes, []);
});

test('classes that need not exclude each other are asked about', async (t) => {
  const model = modelWith((g, x) => ({ chances: g.op('Sigmoid', [scores(g, x)]) }));
  t.throws(() => prepareClassifier(model), { code: 'ONNX_UNSUPPORTED', message: /is a Sigmoid of each score/ });
  const { logits } = classifierOutput(model);
  t.equal(prepareClassifier(model, { output: logits }).output.probabilities, 'none');
});

test('what is not clear is asked for, with all that there is', async (t) => {
  const model = modelWith((g, x) => ({
    boxes: g.reshape(g.op('Tanh', [scores(g, x)]), [-1, 5]),
    scores: head(g, features(g, x)),
  }));
  t.throws(() => classifierOutput(model), {
    code: 'ONNX_OUTPUT_UNCLEAR',
    message: /"boxes" \[batch, 5\]; "scores" \[batch, 6\].* option output/,
  });
  t.match({ ...classifierOutput(model, { output: 'scores' }) }, { logits: 'scores', classes: 6 });
  t.throws(() => classifierOutput(model, { output: 'score' }), {
    code: 'ONNX_OUTPUT_UNCLEAR',
    message: /has no output "score"/,
  });
  t.same(describeModel(logitsModel(model, { output: 'scores' }).model).classes, 6);
});

test('what is no row of scores for each image is refused', async (t) => {
  const model = modelWith((g, x) => ({
    map: g.op('Conv', [x, constantOf(g, [5, 3, 3, 3])], { kernel_shape: [3, 3] }),
  }));
  t.throws(() => classifierOutput(model), {
    code: 'ONNX_UNSUPPORTED',
    message: /"map" of odd.onnx has the shape \[\?, 5, 6, 6\]/,
  });
});

test('of several models the classes are put into one order, and those that only one has are left out', async (t) => {
  const prepared = prepareClassifier(modelWith((g, x) => ({ scores: scores(g, x) })));
  const { model, classes, changes } = inClassOrder(prepared, [4, 0, 2]);
  t.equal(classes, 3);
  t.match(changes, [/left 3 of 5 classes: \[4, 0, 2\]/]);
  const [all, some] = [await computed(prepared.model, 2), await computed(model, 2)];
  t.same(
    [...some],
    [4, 0, 2, 9, 5, 7].map((i) => all[i]),
  );
  t.equal(trainingModel(model, meanEntropy).gradients.size, 2, 'gradients pass');
  t.equal(inClassOrder(prepared, [0, 1, 2, 3, 4]), prepared);
  for (const order of [[0], [0, 0], [0, 5], [0, 1.5]])
    t.throws(() => inClassOrder(prepared, order), { code: 'ONNX_UNSUPPORTED', message: /0 to 4, none twice/ });
});

test('a single score becomes two classes', async (t) => {
  const one = (g: Graph, x: Value): Value => g.op('Gemm', [features(g, x), constantOf(g, [5, 1], 3)]);
  const model = modelWith((g, x) => ({ chance: g.op('Sigmoid', [one(g, x)]) }));
  const { model: two, changes } = prepareClassifier(model);
  t.match(changes, [/Sigmoid/, /two classes/]);
  const own = await computed(model, 3, 'chance');
  const found = softmaxRows(await computed(two, 3), 2);
  // Of chances near 0, float32 keeps the difference and not the ratio.
  own.forEach((chance, i) => {
    t.ok(Math.abs((found[2 * i + 1] as number) - chance) < 1e-6, `image ${i}`);
  });
  t.throws(() => prepareClassifier(modelWith((g, x) => ({ p: g.softmax(one(g, x)) }))), {
    code: 'ONNX_UNSUPPORTED',
    message: /always 1/,
  });
});
