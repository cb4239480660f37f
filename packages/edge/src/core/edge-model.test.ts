import { readFileSync } from 'node:fs';
import { parseModel, serializeModel } from '@renorm/onnx';
import { test } from 'tap';
import { checkEdgeModel } from './edge-model.js';

const file = new Uint8Array(readFileSync(new URL('../../../../models/fashion-edge.onnx', import.meta.url)));

/** The committed model with another first size of its input. */
function withBatch(size: bigint): Uint8Array<ArrayBuffer> {
  const model = parseModel(file, 'fashion-edge.onnx');
  const type = model.input.type?.value;
  const [batch] = type?.case === 'tensorType' ? (type.value.shape?.dim ?? []) : [];
  if (batch !== undefined) batch.value = { case: 'dimValue', value: size };
  return new Uint8Array(serializeModel(model));
}

test('a model that is fit is served as it is', async (t) => {
  const model = await checkEdgeModel(file, 'fashion-edge.onnx');
  t.equal(model.bytes, file);
  t.same(model.shape, [1, 28, 28]);
  t.equal(model.classes, 10);
});

test('a fixed batch is opened, and the digest stays that of the file', async (t) => {
  const fixed = withBatch(1n);
  const model = await checkEdgeModel(fixed, 'fixed.onnx');
  t.same(parseModel(model.bytes).input.type, parseModel(file).input.type, 'open');
  t.same(model.digest, new Uint8Array(await crypto.subtle.digest('SHA-256', fixed)));
});

test('a Softmax at the end is taken off: what is served are the logits', async (t) => {
  const model = parseModel(file, 'fashion-edge.onnx');
  const { graph, output } = model;
  const last = graph.node.at(-1);
  if (last === undefined) throw new Error('there are no nodes');
  const logits = output.name;
  graph.node.push({ ...last, opType: 'Softmax', name: 'softmax', input: [logits], output: ['chances'], attribute: [] });
  graph.output = [{ ...output, name: 'chances' }];
  const served = await checkEdgeModel(new Uint8Array(serializeModel(model)), 'softmax.onnx');
  t.equal(served.outputName, logits);
  t.equal(served.classes, 10);
  t.same([...served.exported.parameters.keys()], [...(await checkEdgeModel(file, 'plain')).exported.parameters.keys()]);
});
