import { create } from '@bufbuild/protobuf';
import { test } from 'tap';
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type NodeProto,
} from '../gen/onnx/onnx_pb.js';
import { attributesOf } from '../import/attributes.js';
import { parametricModel, trainingModel } from '../index.js';
import { copyProto } from '../model/model.js';
import { newGraph } from '../operators/new-graph.js';
import { fashionModel } from '../testing/fixtures.js';
import { meanEntropy } from '../testing/losses.js';

/** The edge model with something else in a convolution on the gradient's way. */
function altered(change: (node: NodeProto) => void): Parameters<typeof trainingModel>[0] {
  const model = fashionModel('edge');
  const { proto, graph } = copyProto(model);
  const node = graph.node.filter(({ opType }) => opType === 'Conv')[3] as NodeProto;
  change(node);
  return { ...model, proto, graph };
}

const set = (name: string, change: (attribute: NodeProto['attribute'][number]) => void) =>
  altered(({ attribute }) => {
    const found = attribute.find((each) => each.name === name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    change(found);
  });

test('a node whose attributes contradict its inputs is refused by name', async (t) => {
  const broken = [
    set('group', (attribute) => {
      attribute.i = 7n;
    }),
    set('strides', (attribute) => {
      attribute.ints = [0n, 0n];
    }),
    set('kernel_shape', (attribute) => {
      attribute.type = AttributeType.INT;
    }),
  ];
  for (const model of broken) {
    t.throws(() => trainingModel(model, meanEntropy), {
      code: 'ONNX_UNSUPPORTED',
      message: /"[^"]+", a Conv, has inputs or attributes that do not fit it \(.+\); see what onnx\.checker/s,
    });
  }
  const [, , list] = broken;
  if (list !== undefined) t.throws(() => parametricModel(list), { code: 'ONNX_UNSUPPORTED' });
});

test('an integer attribute may be the largest there is, and comes as one that a product does not leave the integers with', async (t) => {
  const attributes = [2n ** 63n - 1n, -(2n ** 63n), 5n].map((i) =>
    create(AttributeProtoSchema, { name: `${i}`, type: AttributeType.INT, i }),
  );
  t.same(Object.values(attributesOf(attributes)).sort(), [-(2 ** 31), 2 ** 31, 5]);
});

test('a list that a rule works out holds integers', async (t) => {
  const graph = newGraph(17);
  const x = graph.input('x', [1, 1, 3]);
  t.throws(() => graph.op('MaxPool', [x], { kernel_shape: [1 / 3] }), /kernel_shape of a MaxPool would be \[0\.333/);
});
