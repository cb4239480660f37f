import { create } from '@bufbuild/protobuf';
import { OnnxError } from '../errors.js';
import {
  type AttributeProto,
  AttributeProtoSchema,
  type NodeProto,
  type TensorProto,
  AttributeProto_AttributeType as Type,
} from '../gen/onnx/onnx_pb.js';
import { changed } from '../model/changed.js';
import { nameOf } from '../model/node.js';
import { floatTensor, intTensor } from '../model/tensor.js';

/** What a rewrite adds beside its nodes. */
export interface Additions {
  readonly initializers: TensorProto[];
}

export type Rewrite = (node: NodeProto, additions: Additions) => NodeProto[];

export const attributeOf = ({ attribute }: NodeProto, name: string): AttributeProto | undefined =>
  attribute.find((each) => each.name === name);

/** Attributes that became inputs, in the order of these; one that is not there is left out. */
const toInputs =
  (...names: readonly string[]): Rewrite =>
  (node, { initializers }) => {
    const [data = ''] = node.input;
    if (node.input.length > 1) return [node];
    const given = names.map((name) => {
      const attribute = attributeOf(node, name);
      if (attribute === undefined) return '';
      const tensor = inputOf(`${node.output[0]}/${name}`, attribute);
      initializers.push(tensor);
      return tensor.name;
    });
    while (given.at(-1) === '') given.pop();
    const rest = node.attribute.filter(({ name }) => !names.includes(name));
    return [changed(node, { input: [data, ...given], attribute: rest })];
  };

function inputOf(name: string, { type, f, floats, i, ints }: AttributeProto): TensorProto {
  if (type === Type.FLOAT) return floatTensor(name, [], Float32Array.of(f));
  if (type === Type.FLOATS) return floatTensor(name, [floats.length], Float32Array.from(floats));
  return intTensor(name, type === Type.INT ? [Number(i)] : ints.map(Number));
}

const text = (name: string, value: string): AttributeProto =>
  create(AttributeProtoSchema, { name, type: Type.STRING, s: new TextEncoder().encode(value) });

/** Upsample, and Resize of operator set 10, know one way to place pixels. */
const upsampled: Rewrite = (node, additions) => {
  const [scaled = node] = toInputs('scales')(node, additions);
  const [x = '', scales = ''] = scaled.input;
  const mode = attributeOf(node, 'mode') ?? text('mode', 'nearest');
  const isLinear = new TextDecoder().decode(mode.s) !== 'nearest';
  const how = [text('mode', isLinear ? 'linear' : 'nearest'), text('coordinate_transformation_mode', 'asymmetric')];
  const attribute = isLinear ? how : [...how, text('nearest_mode', 'floor')];
  return [changed(scaled, { opType: 'Resize', input: [x, '', scales], attribute })];
};

/** For each channel, and not for each value, or it is no operator any more. */
const spatial: Rewrite = (node) => {
  if (attributeOf(node, 'spatial')?.i === 0n) throw refused(node, 'has statistics for each value (spatial = 0)');
  return [changed(node, { attribute: node.attribute.filter(({ name }) => name !== 'spatial') })];
};

const refused = (node: NodeProto, why: string): OnnxError =>
  new OnnxError(
    'ONNX_UNSUPPORTED',
    `"${nameOf(node)}", a ${node.opType} of an operator set before 11, ${why}; convert the model to operator set 17 with onnx.version_converter, or export it again.`,
  );

/** From operator set 7 on to 11: what was an attribute is an input. */
export const BEFORE_11: Readonly<Record<string, Rewrite>> = {
  BatchNormalization: spatial,
  Clip: toInputs('min', 'max'),
  Pad: toInputs('pads', 'value'),
  Slice: toInputs('starts', 'ends', 'axes'),
  TopK: toInputs('k'),
  Upsample: upsampled,
  Resize: upsampled,
  Scatter: (node) => [changed(node, { opType: 'ScatterElements' })],
  Scan: (node) => {
    throw refused(node, 'goes over a batch of its own');
  },
};
