import { create } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema,
  FunctionProtoSchema,
  GraphProtoSchema,
  AttributeProto_AttributeType as Kind,
  TensorProto_DataLocation as Location,
  type ModelProto,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  SparseTensorProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  TensorProto_DataType as Type,
  ValueInfoProtoSchema,
} from '../gen/onnx/onnx_pb.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/types.js';
import { changed } from '../model/changed.js';
import { copyProto, type OnnxModel } from '../model/model.js';
import { modelBytes } from '../model/model-bytes.js';
import { floatTensor, intTensor, readFloats } from '../model/tensor.js';
import { constantOf, small } from './small-models.js';

/** A classifier of images [?, 3, 8, 8] into 5 classes: convolution, BatchNormalization, Relu, mean and linear layer. */
export const classifier = (opset = 17): OnnxModel => small([undefined, 3, 8, 8], (graph, x) => scores(graph, x), opset);

/** Its scores. */
export function scores(graph: Graph, x: Value): Value {
  const conv = graph.op('Conv', [x, constantOf(graph, [4, 3, 3, 3], 2)], { pads: [1, 1, 1, 1], kernel_shape: [3, 3] });
  const [gamma, beta, mean] = [3, 4, 5].map((seed) => constantOf(graph, [4], seed)) as [Value, Value, Value];
  const variance = graph.constant(Float32Array.of(1.5, 0.5, 2, 1), [4]);
  const y = graph.op('Relu', [graph.op('BatchNormalization', [conv, gamma, beta, mean, variance])]);
  const flat = graph.op('Flatten', [graph.op('GlobalAveragePool', [y])]);
  return graph.op('Gemm', [flat, constantOf(graph, [4, 5], 6), constantOf(graph, [5], 7)]);
}

/** A way to write a model, and the file that it is written to. */
export interface Variant {
  readonly bytes: Uint8Array;
  /** What stands in the file beside it. */
  readonly beside?: Uint8Array;
}

/** The message of a classifier, changed. */
function altered(change: (proto: ModelProto, graph: NonNullable<ModelProto['graph']>) => void, opset = 17): Variant {
  const { proto, graph } = copyProto(classifier(opset));
  proto.opsetImport = [...proto.opsetImport];
  change(proto, graph);
  return { bytes: modelBytes(proto) };
}

const node = (opType: string, input: string[], output: string[], more: Partial<NodeProto> = {}): NodeProto =>
  create(NodeProtoSchema, { opType, input, output, ...(more as object) });

const value = (name: string) =>
  create(ValueInfoProtoSchema, { name, type: { value: { case: 'tensorType', value: { elemType: Type.FLOAT } } } });

const body = (name: string, result: string, nodes: NodeProto[], initializer: TensorProto[] = []) =>
  create(AttributeProtoSchema, {
    name,
    type: Kind.GRAPH,
    g: create(GraphProtoSchema, { name, node: nodes, output: [value(result)], initializer }),
  });

/** Puts nodes before the first, which reads what they compute. */
function before(graph: NonNullable<ModelProto['graph']>, result: string, ...nodes: NodeProto[]): void {
  const [first] = graph.node;
  if (first !== undefined) first.input[0] = result;
  graph.node = [...nodes, ...graph.node];
}

/**
 * Before the first layer, an If whose branches read values of the graph around it: an input, a value, and a constant
 * that nothing else reads.
 */
export const withIf = (): Variant =>
  altered((_, graph) => {
    graph.initializer.push(
      floatTensor('half', [], Float32Array.of(0.5)),
      floatTensor('inside', [], Float32Array.of(2)),
    );
    graph.initializer.push(floatTensor('limit', [], Float32Array.of(1)));
    const branches = [
      body('then_branch', 't', [node('Mul', ['x', 'inside'], ['t'])]),
      body('else_branch', 'e', [node('Identity', ['halved'], ['e'])]),
    ];
    before(
      graph,
      'chosen',
      node('Mul', ['x', 'half'], ['halved']),
      node('ReduceMax', ['x'], ['most'], { attribute: [int('keepdims', 0)] }),
      node('Greater', ['most', 'limit'], ['bright']),
      node('If', ['bright'], ['chosen'], { attribute: branches, name: 'choice' }),
    );
  });

const int = (name: string, i: number) => create(AttributeProtoSchema, { name, type: Kind.INT, i: BigInt(i) });

/** The same in operator set 12, whose Squeeze in a branch has its axes in an attribute. */
export const withOldIf = (): Variant =>
  altered((proto, graph) => {
    proto.opsetImport = [changed(proto.opsetImport[0] as ModelProto['opsetImport'][number], { version: 12n })];
    graph.initializer.push(floatTensor('limit', [], Float32Array.of(1)));
    const axes = create(AttributeProtoSchema, { name: 'axes', type: Kind.INTS, ints: [0n] });
    const branch = (name: string) =>
      body(name, `${name}/y`, [
        node('Unsqueeze', ['x'], [`${name}/wide`], { attribute: [axes] }),
        node('Squeeze', [`${name}/wide`], [`${name}/y`], { attribute: [axes] }),
      ]);
    before(
      graph,
      'chosen',
      node('ReduceMax', ['x'], ['most'], { attribute: [int('keepdims', 0)] }),
      node('Greater', ['most', 'limit'], ['bright']),
      node('If', ['bright'], ['chosen'], { attribute: ['then_branch', 'else_branch'].map(branch) }),
    );
  }, 13);

/** A function of the model's own before the first layer, which calls another, with an attribute and a default. */
export const withFunctions = (): Variant =>
  altered((proto, graph) => {
    const opsetImport = [{ domain: '', version: 17n }];
    const held = create(AttributeProtoSchema, { name: 'value_float', type: Kind.FLOAT, refAttrName: 'by' });
    proto.functions = [
      create(FunctionProtoSchema, {
        domain: 'local',
        name: 'Lower',
        input: ['a'],
        output: ['b'],
        attributeProto: [create(AttributeProtoSchema, { name: 'by', type: Kind.FLOAT, f: 0.25 })],
        node: [node('Constant', [], ['k'], { attribute: [held] }), node('Sub', ['a', 'k'], ['b'])],
        opsetImport,
      }),
      create(FunctionProtoSchema, {
        domain: 'local',
        name: 'Centre',
        input: ['a'],
        output: ['c'],
        node: [
          node('Lower', ['a'], ['b'], { domain: 'local' }),
          node('Lower', ['b'], ['c'], {
            domain: 'local',
            attribute: [create(AttributeProtoSchema, { name: 'by', type: Kind.FLOAT, f: -0.5 })],
          }),
        ],
        opsetImport: [...opsetImport, { domain: 'local', version: 1n }],
      }),
    ];
    proto.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: 'local', version: 1n }));
    before(graph, 'centred', node('Centre', ['x'], ['centred'], { domain: 'local', name: 'centre' }));
  });

/** The default operator set spelled out. */
export const spelledOut = (): Variant =>
  altered((proto, graph) => {
    proto.opsetImport = proto.opsetImport.map((each) => changed(each, { domain: 'ai.onnx' }));
    graph.node = graph.node.map((each) => changed(each, { domain: 'ai.onnx' }));
  });

/** Weights as places and values. */
export const sparse = (): Variant =>
  altered((_, graph) => {
    const [weight] = graph.initializer.filter(({ dims }) => dims.length === 4);
    if (weight === undefined) throw new Error('there is no kernel');
    const values = readFloats(weight);
    graph.initializer = graph.initializer.filter((each) => each !== weight);
    graph.sparseInitializer = [
      create(SparseTensorProtoSchema, {
        values: floatTensor(weight.name, [values.length], values),
        indices: intTensor(
          '',
          Array.from(values, (_, i) => i),
        ),
        dims: weight.dims,
      }),
    ];
  });

/** Weights in Constant nodes. */
export const constants = (): Variant =>
  altered((_, graph) => {
    const held = graph.initializer.map((t) =>
      node('Constant', [], [t.name], {
        attribute: [create(AttributeProtoSchema, { name: 'value', type: Kind.TENSOR, t })],
      }),
    );
    graph.initializer = [];
    graph.node = [...held, ...graph.node];
  });

/** Weights in Constant nodes that keep them in another file. */
export function externalConstants(location: string): Variant {
  const beside = new Uint8Array(4 * 4 * 27);
  const variant = altered((_, graph) => {
    const [weight] = graph.initializer.filter(({ dims }) => dims.length === 4);
    if (weight === undefined) throw new Error('there is no kernel');
    beside.set(weight.rawData);
    const entries = Object.entries({ location, offset: '0', length: String(beside.length) });
    const t = create(TensorProtoSchema, {
      name: weight.name,
      dims: weight.dims,
      dataType: weight.dataType,
      dataLocation: Location.EXTERNAL,
      externalData: entries.map(([key, value]) => ({ key, value })),
    });
    graph.initializer = graph.initializer.filter((each) => each !== weight);
    const attribute = [create(AttributeProtoSchema, { name: 'value', type: Kind.TENSOR, t })];
    graph.node = [node('Constant', [], [weight.name], { attribute }), ...graph.node];
  });
  return { ...variant, beside };
}

/** An operator of another domain that has the name of one of ONNX's, and means something else. */
export const homonym = (): Variant =>
  altered((proto, graph) => {
    proto.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: 'com.microsoft', version: 1n }));
    const [relu] = graph.node.filter(({ opType }) => opType === 'Relu');
    if (relu !== undefined) Object.assign(relu, { opType: 'Gelu', domain: 'com.microsoft' });
  });
