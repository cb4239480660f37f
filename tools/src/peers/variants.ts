import { joined } from '../fuzz/wire.js';
import { field, messageFields } from './message.js';
import type { TensorFile } from './tensor-file.js';

// Numbers of the fields of ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto and ValueInfoProto.
const MODEL = { graph: 7 };
const GRAPH = { node: 1, initializer: 5, input: 11 };
const NAME = { input: 1, tensor: 8 };
const FLOAT = 1;
const INT64 = 7;

/** Names of the layer that withScale inserts, and of the input that it makes. */
export const SCALE = 'peers/scale';
export const SCALED_INPUT = 'peers/input';

/** A model with constants in place of some of its inputs. */
export function withConstants(model: Uint8Array, values: ReadonlyMap<string, TensorFile>): Uint8Array {
  const tensors = [...values].map(([name, { bytes }]) =>
    field(GRAPH.initializer, joined(bytes, field(NAME.tensor, name))),
  );
  return withGraph(model, tensors, (input) => !values.has(input));
}

/** A model with more in its graph, and of its inputs some. */
function withGraph(model: Uint8Array, more: readonly Uint8Array[], isKept: (input: string) => boolean): Uint8Array {
  const parts = messageFields(model).map(({ number, value, whole }) => {
    if (number !== MODEL.graph) return whole;
    const kept = messageFields(value).filter((part) => part.number !== GRAPH.input || isKept(nameOf(part.value)));
    return field(MODEL.graph, joined(...more, ...kept.map((part) => part.whole)));
  });
  return joined(...parts);
}

/**
 * A model that takes x in float32 [1, n] for one input of n elements, with a BatchNormalization in front that changes
 * nothing: the gradient of its beta is the gradient of each element.
 */
export function withScale(model: Uint8Array, name: string, { type, dims }: TensorFile): Uint8Array {
  const count = dims.reduce((product, size) => product * size, 1);
  const parameters = ['gamma', 'beta', 'mean', 'variance'];
  const initializers = parameters.map((each, i) =>
    tensor(`${SCALE}/${each}`, [count], FLOAT, new Float32Array(count).fill(i % 3 === 0 ? 1 : 0)),
  );
  const shaped = type === FLOAT ? name : `${SCALE}/shaped`;
  const nodes = [
    node('BatchNormalization', SCALE, [SCALED_INPUT, ...parameters.map((each) => `${SCALE}/${each}`)], `${SCALE}/out`, [
      joined(field(1, 'epsilon'), field(2, { float: 0 }), field(20, 1)),
    ]),
    node('Reshape', `${SCALE}/reshape`, [`${SCALE}/out`, `${SCALE}/dims`], shaped),
    ...(type === FLOAT
      ? []
      : [node('Cast', `${SCALE}/cast`, [shaped], name, [joined(field(1, 'to'), field(3, type), field(20, 2))])]),
  ];
  const input = valueInfo(SCALED_INPUT, [1, count]);
  const own = [
    ...nodes.map((each) => field(GRAPH.node, each)),
    ...initializers.map((each) => field(GRAPH.initializer, each)),
    field(GRAPH.initializer, tensor(`${SCALE}/dims`, [dims.length], INT64, BigInt64Array.from(dims, BigInt))),
    field(GRAPH.input, input),
  ];
  return withGraph(model, own, (each) => each !== name);
}

const nameOf = (value: Uint8Array): string =>
  new TextDecoder().decode(messageFields(value).find(({ number }) => number === NAME.input)?.value);

const tensor = (name: string, dims: readonly number[], type: number, values: ArrayBufferView): Uint8Array =>
  joined(
    ...dims.map((size) => field(1, size)),
    field(2, type),
    field(NAME.tensor, name),
    field(9, new Uint8Array(values.buffer)),
  );

const node = (
  type: string,
  name: string,
  inputs: readonly string[],
  output: string,
  attributes: readonly Uint8Array[] = [],
): Uint8Array =>
  joined(
    ...inputs.map((input) => field(1, input)),
    field(2, output),
    field(3, name),
    field(4, type),
    ...attributes.map((attribute) => field(5, attribute)),
  );

function valueInfo(name: string, dims: readonly number[]): Uint8Array {
  const shape = joined(...dims.map((size) => field(1, field(1, size))));
  return joined(field(1, name), field(2, field(1, joined(field(1, FLOAT), field(2, shape)))));
}
