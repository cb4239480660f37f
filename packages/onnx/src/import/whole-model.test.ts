import { test } from 'tap';
import {
  describeModel,
  type OnnxModel,
  parametricModel,
  parseModel,
  readParameters,
  serializeModel,
  trainingModel,
  withParameters,
} from '../index.js';
import { fill, normals } from '../testing/fixtures.js';
import { meanEntropy } from '../testing/losses.js';
import { distance, type Feed, outputOf, run, vectors } from '../testing/runtime.js';
import {
  classifier,
  constants,
  externalConstants,
  homonym,
  sparse,
  spelledOut,
  type Variant,
  withFunctions,
  withIf,
  withOldIf,
} from '../testing/whole-models.js';

const x: Feed = { data: fill(3 * 3 * 64, normals(9)), dims: [3, 3, 8, 8] };
const plain = classifier();

const read = ({ bytes, beside }: Variant): OnnxModel =>
  parseModel(bytes, 'odd.onnx', {
    externalData: (_, offset, length) => beside?.subarray(offset, offset + (length ?? 0)),
  });

const logitsOf = async (bytes: Uint8Array, name: string, more: [string, Feed][] = []): Promise<Float32Array> =>
  outputOf(await run(bytes, new Map([['x', x], ...more])), name);

/** Ways to write the same classifier, or one that differs before its first layer. */
const VARIANTS: readonly (readonly [string, Variant])[] = [
  ['an If whose branches read values around it', withIf()],
  ['an If in operator set 12', withOldIf()],
  ['functions of its own', withFunctions()],
  ['the default operator set spelled out', spelledOut()],
  ['sparse initializers', sparse()],
  ['Constant nodes', constants()],
];

for (const [title, variant] of VARIANTS) {
  test(`a model with ${title} is kept whole`, async (t) => {
    const model = read(variant);
    const { layers, learnable, obstacles } = describeModel(model);
    t.same(
      layers.map(({ kind, channels }) => [kind, channels]),
      [['BatchNormalization', 4]],
    );
    t.equal(learnable.length, 1);
    t.same(obstacles, []);
    const own = readParameters(model);
    const logits = await logitsOf(variant.bytes, model.output.name);
    const parametric = await logitsOf(parametricModel(model), model.output.name, vectors(own));
    t.ok(distance(parametric, logits) < 1e-5, 'parameters as inputs');
    t.equal(distance(await logitsOf(serializeModel(model), model.output.name), logits), 0, 'written as it was read');
    t.equal(
      distance(await logitsOf(serializeModel(withParameters(model, own)), model.output.name), logits),
      0,
      'baked in',
    );
    const training = trainingModel(model, meanEntropy);
    t.equal(training.gradients.size, 2);
    const trained = await run(training.bytes, new Map([['x', x], ...vectors(own)]));
    t.ok(distance(outputOf(trained, training.logits), logits) < 1e-4, 'the training graph computes the same');
    for (const name of training.gradients.values()) t.ok(outputOf(trained, name).every(Number.isFinite), name);
  });
}

test('weights count as parameters wherever they stand', async (t) => {
  const expected = describeModel(plain).parameterCount;
  for (const variant of [constants(), sparse()]) t.equal(describeModel(read(variant)).parameterCount, expected);
});

test('attributes may keep their tensors in another file', async (t) => {
  const variant = externalConstants('weights.bin');
  const model = read(variant);
  t.equal(describeModel(model).parameterCount, describeModel(plain).parameterCount);
  t.equal(
    distance(
      await logitsOf(serializeModel(model), model.output.name),
      await logitsOf(serializeModel(plain), plain.output.name),
    ),
    0,
  );
  t.throws(() => parseModel(variant.bytes), { code: 'ONNX_EXTERNAL_DATA' });
});

test('an operator of another domain is not taken for the one of its name', async (t) => {
  const { obstacles, operators } = describeModel(read(homonym()));
  t.match(obstacles, [{ operator: 'com.microsoft::Gelu' }]);
  t.equal(operators.get('com.microsoft::Gelu'), 1);
  t.throws(() => trainingModel(read(homonym()), meanEntropy), { code: 'ONNX_OPERATOR_WITHOUT_RULE' });
});
