import { type AttributeProto, AttributeProto_AttributeType as Type } from '../gen/onnx/onnx_pb.js';
import type { Attribute, Attributes } from '../graph/types.js';

const text = new TextDecoder();

/** An end may be the largest int64, which means the last; no size, axis or stride comes near 2^31. */
const within = (value: bigint): number => Math.max(-LIMIT, Math.min(LIMIT, Number(value)));

const LIMIT = 2 ** 31;

function attributeOf(attribute: AttributeProto): Attribute | undefined {
  switch (attribute.type) {
    case Type.INT:
      return within(attribute.i);
    case Type.FLOAT:
      return attribute.f;
    case Type.STRING:
      return text.decode(attribute.s);
    case Type.INTS:
      return attribute.ints.map(within);
    case Type.FLOATS:
      return attribute.floats;
    default:
      return undefined;
  }
}

/** The attributes that are numbers, texts or lists of numbers. */
export function attributesOf(attributes: readonly AttributeProto[]): Attributes {
  const entries = attributes.map((attribute) => [attribute.name, attributeOf(attribute)] as const);
  return Object.fromEntries(entries.filter((entry): entry is readonly [string, Attribute] => entry[1] !== undefined));
}
