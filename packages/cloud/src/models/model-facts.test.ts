import { parseModel, serializeModel } from '@renorm/onnx';
import { test } from 'tap';
import { edgeModel, foundationModel } from '../committed-models.test-support.js';
import { modelPair } from './model-facts.js';

test('two models for the same task make a pair', async (t) => {
  const pair = modelPair(edgeModel(), foundationModel());
  t.same(pair.sampleShape, [1, 28, 28]);
  t.equal(pair.classes, 10);
  t.equal(pair.edgeDigest.length, 32);
});

/** The foundation model, said to have another input or output. */
function altered(change: { classes?: number; side?: number }) {
  const file = foundationModel();
  const model = parseModel(file.bytes, file.name);
  const dims = (value: typeof model.input) =>
    value.type?.value.case === 'tensorType' ? (value.type.value.value.shape?.dim ?? []) : [];
  if (change.classes !== undefined)
    (dims(model.output).at(-1) as { value: unknown }).value = { case: 'dimValue', value: BigInt(change.classes) };
  if (change.side !== undefined)
    (dims(model.input).at(-1) as { value: unknown }).value = { case: 'dimValue', value: BigInt(change.side) };
  return { name: 'other.onnx', bytes: serializeModel(model) };
}

test('models with different class counts or inputs are refused, both by name', async (t) => {
  t.throws(() => modelPair(edgeModel(), altered({ classes: 7 })), {
    code: 'MODEL_MISMATCH',
    message: /fashion-edge.onnx tells 10 classes apart, other.onnx 7/,
  });
  t.throws(() => modelPair(edgeModel(), altered({ side: 32 })), {
    code: 'MODEL_MISMATCH',
    message: /fashion-edge.onnx takes samples of shape \[1,28,28\], other.onnx of shape \[1,28,32\]/,
  });
});

test('classes in another order are put into that of the edge model, by index or by name', async (t) => {
  const names = Array.from({ length: 10 }, (_, i) => `class ${i}`);
  const reversed = names.toReversed();
  const order = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0];
  const putInOrder = (pair: ReturnType<typeof modelPair>) => {
    t.match(pair.prepared.foundation.changes, [/put the 10 classes into the order \[9, 8, 7, .*…\]/]);
    t.equal(pair.classes, 10);
  };
  putInOrder(modelPair(edgeModel(), { ...foundationModel(), classes: order }));
  putInOrder(modelPair({ ...edgeModel(), labels: names }, { ...foundationModel(), classes: reversed }));
  const shouted = reversed.map((name) => name.toUpperCase());
  putInOrder(modelPair({ ...edgeModel(), labels: names }, { ...foundationModel(), labels: shouted }));
  const alike = modelPair({ ...edgeModel(), labels: names }, { ...foundationModel(), labels: names });
  t.same(alike.prepared.foundation.changes, []);
  const refused = (classes: number[] | string[], message: RegExp, labels?: string[]) =>
    t.throws(() => modelPair({ ...edgeModel(), ...(labels && { labels }) }, { ...foundationModel(), classes }), {
      message,
    });
  refused([1, 2], /tells 10 classes apart, .*foundation.classes has 2 indices/);
  refused([...order.slice(1), 10], /give indices from 0 to 9, none twice/);
  refused(names, /have no names.*labels/);
  refused(names, /is called "hat"/, [...names.slice(1), 'hat']);
});

test('something that is no model is refused as such', async (t) => {
  t.throws(() => modelPair(edgeModel(), { name: 'cat.jpg', bytes: new Uint8Array([0xff, 0xd8, 1, 2, 3]) }), {
    code: 'ONNX_NOT_A_MODEL',
    message: /cat.jpg/,
  });
});
