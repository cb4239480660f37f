import { create } from '@bufbuild/protobuf';
import { test } from 'tap';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  ValueInfoProtoSchema,
} from '../gen/onnx/onnx_pb.js';
import { type OnnxModel, serializeModel } from '../index.js';
import { checkModel } from '../model/model.js';
import { fill, normals } from '../testing/fixtures.js';
import { distance, type Feed, run, shapes } from '../testing/runtime.js';
import { GRAPH_OPSET, upgraded } from './upgrade.js';

const { INT, INTS, FLOAT, FLOATS, STRING } = AttributeProto_AttributeType;

function attribute(name: string, value: number | readonly number[] | string) {
  if (typeof value === 'string')
    return create(AttributeProtoSchema, { name, type: STRING, s: new TextEncoder().encode(value) });
  if (typeof value !== 'number' && name === 'scales')
    return create(AttributeProtoSchema, { name, type: FLOATS, floats: [...value] });
  if (typeof value !== 'number') return create(AttributeProtoSchema, { name, type: INTS, ints: value.map(BigInt) });
  return Number.isInteger(value)
    ? create(AttributeProtoSchema, { name, type: INT, i: BigInt(value) })
    : create(AttributeProtoSchema, { name, type: FLOAT, f: value });
}

/** One operator of an older set, with an input x of 2x3x4x1. */
function before(
  opType: string,
  attributes: Readonly<Record<string, number | readonly number[] | string>>,
  outputs = 1,
  opset = 11,
): OnnxModel {
  const output = Array.from({ length: outputs }, (_, i) => `y${i}`);
  const node = create(NodeProtoSchema, {
    opType,
    name: 'only',
    input: ['x'],
    output,
    attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
  });
  const dim = [2, 3, 4, 1].map((size) => ({ value: { case: 'dimValue' as const, value: BigInt(size) } }));
  const type = { value: { case: 'tensorType' as const, value: { elemType: 1, shape: { dim } } } };
  const proto = create(ModelProtoSchema, {
    irVersion: 6n,
    opsetImport: [create(OperatorSetIdProtoSchema, { version: BigInt(opset) })],
    graph: {
      name: 'old',
      node: [node],
      input: [create(ValueInfoProtoSchema, { name: 'x', type })],
      output: output.map((name) =>
        create(ValueInfoProtoSchema, { name, type: { value: { case: 'tensorType', value: { elemType: 1 } } } }),
      ),
    },
  });
  return checkModel(proto, 'old.onnx');
}

/** The upgraded model as a file of its operator set. */
function file({ proto, graph, opset }: OnnxModel): Uint8Array {
  const changed = create(ModelProtoSchema, {
    ...proto,
    irVersion: 8n,
    opsetImport: [create(OperatorSetIdProtoSchema, { version: BigInt(opset) })],
    graph,
  });
  return serializeModel(checkModel(changed, 'new.onnx'));
}

// biome-ignore format: one line each
const OPERATORS: readonly (readonly [string, Readonly<Record<string, number | readonly number[]>>, number?])[] = [
  ['Squeeze', { axes: [3] }],
  ['Squeeze', { axes: [-1] }],
  ['Squeeze', {}],
  ['Unsqueeze', { axes: [0, 2] }],
  ['Unsqueeze', { axes: [-1] }],
  ['ReduceSum', { axes: [1, -1], keepdims: 0 }],
  ['ReduceSum', {}],
  ['Split', { axis: 1, split: [1, 2] }, 2],
  ['Split', { axis: 1 }, 3],
  ['Split', { axis: -2, split: [3, 1] }, 2],
  ['Dropout', { ratio: 0.5 }],
  ['Dropout', {}],
  ['Softmax', {}],
  ['Softmax', { axis: 0 }],
  ['Softmax', { axis: 2 }],
  ['Softmax', { axis: -2 }],
  ['Softmax', { axis: -1 }],
  ['Softmax', { axis: 3 }],
  ['LogSoftmax', {}],
  ['LogSoftmax', { axis: 2 }],
  ['LogSoftmax', { axis: -1 }],
  ['Hardmax', {}],
  ['Hardmax', { axis: -2 }],
];

for (const [type, attributes, outputs] of OPERATORS) {
  for (const opset of 'ratio' in attributes ? [11] : [11, 12]) {
    test(`${type} ${JSON.stringify(attributes)} of operator set ${opset} computes the same in ${GRAPH_OPSET}`, async (t) => {
      const old = before(type, attributes, outputs, opset);
      const text = serializeModel(old);
      const x: Feed = { data: fill(24, normals(2)), dims: [2, 3, 4, 1] };
      const feeds = new Map([['x', x]]);
      const upgradedFile = file(upgraded(old));
      t.same([...(await shapes(upgradedFile, feeds))], [...(await shapes(text, feeds))]);
      const [now, then] = [await run(upgradedFile, feeds), await run(text, feeds)];
      for (const [name, values] of then) t.ok(distance(now.get(name) ?? [], values) < 1e-6, name);
      t.same(serializeModel(old), text, 'the model itself is left as it was');
    });
  }
}

// biome-ignore format: one line each
const BEFORE_11: readonly (readonly [string, Readonly<Record<string, number | readonly number[] | string>>, number])[] = [
  ['Clip', { min: -0.25, max: 0.5 }, 7],
  ['Clip', { max: 0.5 }, 10],
  ['Clip', {}, 9],
  ['Pad', { pads: [0, 0, 1, 0, 0, 0, 2, 0], value: 0.5 }, 7],
  ['Pad', { pads: [0, 0, 1, 0, 0, 0, 2, 0], mode: 'edge' }, 10],
  ['Slice', { starts: [1, 0], ends: [3, 2], axes: [1, 2] }, 9],
  ['Slice', { starts: [0, 1], ends: [2, 3] }, 7],
  ['Upsample', { scales: [1, 1, 2, 3], mode: 'nearest' }, 7],
  ['Upsample', { scales: [1, 1, 2, 3], mode: 'linear' }, 8],
  ['Softmax', { axis: 2 }, 9],
  ['Squeeze', { axes: [3] }, 7],
];

for (const [type, attributes, opset] of BEFORE_11) {
  test(`${type} ${JSON.stringify(attributes)} of operator set ${opset} computes the same in ${GRAPH_OPSET}`, async (t) => {
    const old = before(type, attributes, 1, opset);
    const feeds = new Map([['x', { data: fill(24, normals(2)), dims: [2, 3, 4, 1] }]]);
    const [now, then] = [await run(file(upgraded(old)), feeds), await run(serializeModel(old), feeds)];
    t.ok(distance(now.get('y0') ?? [], then.get('y0') ?? []) < 1e-6);
  });
}

test('what cannot be brought to a newer operator set is refused, with the way out', async (t) => {
  const refused = (type: string, attributes: object, opset: number, message: RegExp) =>
    t.throws(() => upgraded(before(type, attributes as Record<string, number>, 1, opset)), {
      ...{ code: 'ONNX_UNSUPPORTED', message },
    });
  refused('BatchNormalization', { spatial: 0 }, 7, /"only", a BatchNormalization .*spatial = 0\).*version_converter/);
  refused('Relu', {}, 6, /old\.onnx uses operator set 6; convert it to 17/);
});

test('models of newer operator sets are handed back', async (t) => {
  for (const opset of [17, 18, 25]) {
    const model = before('Softmax', {}, 1, opset);
    t.equal(upgraded(model), model);
  }
});

test('what has not changed since operator set 13 is left as it is', async (t) => {
  for (const opset of [13, 16]) {
    const model = before('Softmax', { axis: 1 }, 1, opset);
    const { graph, opset: now } = upgraded(model);
    t.same([graph.node, now], [model.graph.node, GRAPH_OPSET]);
  }
});
