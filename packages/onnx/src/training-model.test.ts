import { fromBinary } from '@bufbuild/protobuf';
import { test } from 'tap';
import { ModelProtoSchema } from './gen/onnx/onnx_pb.js';
import { parseModel, readParameters, serializeModel, trainingModel } from './index.js';
import { modelFile, testImages } from './testing/fixtures.js';
import { entropy } from './testing/losses.js';
import { distance, outputOf, run, vectors } from './testing/runtime.js';

/**
 * The edge model, said to be of another operator set; none of its operators but the Gemm's has changed between 11 and
 * 25.
 */
function ofOpset(version: number) {
  const model = parseModel(modelFile('fashion-edge.onnx'), 'edge.onnx');
  const [opset] = model.proto.opsetImport;
  if (opset === undefined) throw new Error('the model names no operator set');
  opset.version = BigInt(version);
  return parseModel(serializeModel(model), `opset-${version}.onnx`);
}

test('the training graph is written in the operator set of its model, from 17 on, and computes the same in each', async (t) => {
  const results = [];
  // 18: reductions take their axes as an input. 22: most of the operators got a new version.
  for (const version of [9, 11, 14, 17, 18, 22]) {
    const model = ofOpset(version);
    const training = trainingModel(model, entropy(0.4));
    t.equal(fromBinary(ModelProtoSchema, training.bytes).opsetImport[0]?.version, BigInt(Math.max(version, 17)));
    const feeds = new Map([[training.input, testImages(0, 4)], ...vectors(readParameters(model))]);
    const outputs = await run(training.bytes, feeds);
    results.push([...training.gradients.values()].flatMap((name) => [...outputOf(outputs, name)]));
  }
  const [first = [], ...others] = results;
  t.equal(first.length, 2 * 784);
  for (const other of others) t.ok(distance(other, first) < 1e-6);
});

test('a model of an older operator set is refused, with the way out', async (t) => {
  t.throws(() => trainingModel(ofOpset(6), entropy(0.4)), {
    code: 'ONNX_UNSUPPORTED',
    message: /opset-6\.onnx uses operator set 6; convert it to 17/,
  });
});
