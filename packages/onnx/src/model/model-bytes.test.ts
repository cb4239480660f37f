import { create, equals, fromBinary, toBinary } from '@bufbuild/protobuf';
import { test } from 'tap';
import { ModelProtoSchema } from '../gen/onnx/onnx_pb.js';
import { fashionModel } from '../testing/fixtures.js';
import { modelBytes } from './model-bytes.js';

test('the bytes decode to the message, as those of the general encoder do', async (t) => {
  for (const which of ['edge', 'foundation'] as const) {
    const { proto } = fashionModel(which);
    const bytes = modelBytes(proto);
    t.equal(bytes.length, toBinary(ModelProtoSchema, proto).length);
    t.ok(equals(ModelProtoSchema, fromBinary(ModelProtoSchema, bytes), proto));
  }
});

test('a message without a graph is written too', async (t) => {
  const proto = create(ModelProtoSchema, { producerName: 'nobody' });
  t.same(modelBytes(proto), toBinary(ModelProtoSchema, proto));
});
