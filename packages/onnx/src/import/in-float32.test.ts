import { InferenceSession, Tensor } from 'onnxruntime-node';
import { test } from 'tap';
import { TensorProto_DataType as Type } from '../gen/onnx/onnx_pb.js';
import { parametricModel, readParameters, serializeModel, withParameters } from '../index.js';
import { fromFloat16, toFloat16 } from '../model/half.js';
import { readPattern } from '../testing/patterns.js';
import { distance, outputOf, run, vectors } from '../testing/runtime.js';

test('a model in float16 stays one when parameters are baked in, and computes what it is trained to', async (t) => {
  const { model, input } = readPattern('float16');
  const moved = new Map(
    [...readParameters(model)].map(([key, values]) => [key, values.map((value, i) => value + 0.1 * Math.sin(i))]),
  );
  const served = withParameters(model, moved);
  t.same(
    served.graph.initializer.filter(({ dataType }) => dataType !== Type.FLOAT16).map(({ name }) => name),
    [],
  );
  const session = await InferenceSession.create(serializeModel(served), { logSeverityLevel: 3 });
  const x = new Tensor('float16', toFloat16(input.data as Float32Array), input.dims);
  const { logits } = await session.run({ [served.input.name]: x });
  const inHalf = fromFloat16(logits?.data as unknown as ArrayLike<number>);
  const inFloat = await run(parametricModel(model), new Map([[model.input.name, input], ...vectors(moved)]));
  const apart = distance(inHalf, outputOf(inFloat, model.output.name));
  t.ok(apart < 5e-3, `${apart}`);
});

test('a parameter too large for the model is refused', async (t) => {
  const { model } = readPattern('float16');
  const large = new Map([...readParameters(model)].map(([key, values]) => [key, values.map(() => 1e6)]));
  t.throws(() => withParameters(model, large), { code: 'ONNX_UNSUPPORTED' });
});
