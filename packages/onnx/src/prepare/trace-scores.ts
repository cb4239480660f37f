import { OnnxError } from '../errors.js';
import { type NodeProto, TensorProto_DataType as Type, type ValueInfoProto } from '../gen/onnx/onnx_pb.js';
import type { Shape } from '../graph/types.js';
import { constantLookup, type OnnxModel } from '../model/model.js';
import { typeOf } from '../model/node.js';
import { isFloatType, readFloats, readInts } from '../model/tensor.js';

/** How a model makes its probabilities of the scores: not at all, or by an operator at its end. */
export type Activation = 'none' | 'softmax' | 'log-softmax' | 'sigmoid';

/** An output that may be the scores. */
export interface Candidate {
  readonly output: string;
  readonly logits: string;
  readonly probabilities: Activation;
  /** What computes the logits, before it was handed on in another shape. */
  readonly source: string;
  /** Only scores are treated so: a Softmax, a label of the largest. */
  readonly sure: boolean;
  readonly usable: boolean;
}

type Traced = Pick<Candidate, 'logits' | 'probabilities' | 'source'>;

/** What hands on its first input, perhaps in another shape or type. */
const HANDS_ON: ReadonlySet<string> = new Set(
  'Identity Cast CastLike Dropout Squeeze Unsqueeze Flatten Reshape QuantizeLinear DequantizeLinear'.split(' '),
);

/** What a model may do to probabilities without making others of them: of scores it would. */
const OF_PROBABILITIES: ReadonlySet<string> = new Set(['Clip', 'Log', 'Mul', 'Div', 'Add']);

/** What chooses among scores: a label, the largest few. */
const CHOOSES: ReadonlySet<string> = new Set(['ArgMax', 'TopK', 'Hardmax']);

/** Goes back from an output to the scores that it is made of. */
export function tracer(
  { graph, opset, name: model }: OnnxModel,
  sizes: (name: string) => Shape | undefined,
): (value: Pick<ValueInfoProto, 'name' | 'type'>) => Candidate {
  const producers = new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const constant = constantLookup(graph);
  const scalar = (name = ''): number | undefined => {
    const tensor = constant(name);
    if (tensor === undefined || !isFloatType(tensor.dataType)) return undefined;
    return tensor.dims.every((size) => size === 1n) ? readFloats(tensor)[0] : undefined;
  };

  const activation = (node: NodeProto): Activation | undefined => {
    const type = typeOf(node);
    if (type === 'Sigmoid') return 'sigmoid';
    if (type !== 'Softmax' && type !== 'LogSoftmax') return undefined;
    return overClasses(node, sizes(node.input[0] ?? ''), opset)
      ? type === 'Softmax'
        ? 'softmax'
        : 'log-softmax'
      : undefined;
  };

  /** exp(z) / sum(exp(z)) over the classes, as TensorFlow may write a Softmax. */
  const exponentials = (node: NodeProto): string | undefined => {
    if (typeOf(node) !== 'Div') return undefined;
    const [top, bottom] = node.input.map((name) => producers.get(name));
    if (top === undefined || bottom === undefined || typeOf(top) !== 'Exp' || typeOf(bottom) !== 'ReduceSum')
      return undefined;
    const keeps = (bottom.attribute.find(({ name }) => name === 'keepdims')?.i ?? 1n) !== 0n;
    const given = constant(bottom.input[1] ?? '');
    const axes = bottom.attribute.find(({ name }) => name === 'axes')?.ints.map(Number) ?? (given && readInts(given));
    const shape = sizes(node.input[0] ?? '');
    const [axis, ...others] = axes ?? [];
    if (bottom.input[0] !== node.input[0] || !keeps || axis === undefined || others.length > 0) return undefined;
    return isClassAxis(axis, shape) ? top.input[0] : undefined;
  };

  /** [1 - p, p] of a single score's Sigmoid. @throws OnnxError ONNX_UNSUPPORTED: [p, 1 - p] */
  const bothOf = (node: NodeProto): string | undefined => {
    if (typeOf(node) !== 'Concat' || node.input.length !== 2) return undefined;
    const isRest = (name: string, of: string): boolean => {
      const rest = producers.get(name);
      return rest !== undefined && typeOf(rest) === 'Sub' && scalar(rest.input[0]) === 1 && rest.input[1] === of;
    };
    const [first = '', second = ''] = node.input;
    const sigmoidOf = (name: string): string | undefined => {
      const one = producers.get(name);
      return one !== undefined && typeOf(one) === 'Sigmoid' ? one.input[0] : undefined;
    };
    if (isRest(first, second)) return sigmoidOf(second);
    if (sigmoidOf(first) === undefined || !isRest(second, first)) return undefined;
    throw new OnnxError(
      'ONNX_UNSUPPORTED',
      `"${node.output[0]}" of ${model} gives a Sigmoid and what is left of 1, in this order; export the score before the Sigmoid, "${sigmoidOf(first)}", or what is left first.`,
    );
  };

  /** Which of its inputs a node hands on as probabilities, where these are what it reads. */
  const ofProbabilities = (node: NodeProto): string | undefined => {
    const type = typeOf(node);
    if (!OF_PROBABILITIES.has(type)) return undefined;
    const data = node.input.findIndex((name) => constant(name) === undefined);
    const alone = node.input.every((name, i) => i === data || name === '' || scalar(name) !== undefined);
    return alone && !(type === 'Div' && data !== 0) ? node.input[data] : undefined;
  };

  const back = (name: string): Traced => {
    let at = name;
    // Behind the last node that hands on scores as well.
    let source: string | undefined;
    let isLog = false;
    for (let node = producers.get(at); node !== undefined; node = producers.get(at)) {
      const single = bothOf(node);
      if (single !== undefined) return { logits: single, probabilities: 'sigmoid', source: single };
      const type = activation(node);
      const logits = type === undefined ? exponentials(node) : node.input[0];
      if (logits !== undefined)
        return { logits, probabilities: isLog ? 'log-softmax' : (type ?? 'softmax'), source: logits };
      if (node.output[0] !== at) break;
      const handedOn = HANDS_ON.has(typeOf(node)) ? node.input[0] : undefined;
      const before = handedOn ?? ofProbabilities(node);
      if (before === undefined) break;
      if (handedOn === undefined) source ??= at;
      isLog ||= typeOf(node) === 'Log';
      at = before;
    }
    return { logits: name, probabilities: 'none', source: source ?? at };
  };

  return ({ name: output, type }) => {
    let node = producers.get(output);
    while (node !== undefined && typeOf(node) === 'Identity') node = producers.get(node.input[0] ?? '');
    const maker = node && typeOf(node);
    const [chosenFrom = ''] = node?.input ?? [];
    if (maker === 'ai.onnx.ml::ZipMap') return { output, ...back(chosenFrom), sure: true, usable: true };
    if (maker !== undefined && CHOOSES.has(maker)) {
      const traced = back(chosenFrom);
      return { output, ...traced, ...(maker === 'ArgMax' && NOTHING_TAKEN_OFF), sure: true, usable: true };
    }
    const tensor = type?.value.case === 'tensorType' ? type.value.value.elemType : Type.UNDEFINED;
    const found = back(output);
    const sure = found.probabilities === 'softmax' || found.probabilities === 'log-softmax';
    return { output, ...found, sure, usable: isFloatType(tensor) };
  };
}

/** A label says nothing of probabilities. */
const NOTHING_TAKEN_OFF = { probabilities: 'none' } as const;

/** Before operator set 13 a Softmax went over all axes from its own on, which was the second where nothing was said. */
function overClasses({ attribute }: NodeProto, shape: Shape | undefined, opset: number): boolean {
  if (shape === undefined) return true;
  const axis = Number(attribute.find(({ name }) => name === 'axis')?.i ?? (opset < 13 ? 1n : -1n));
  const first = axis < 0 ? axis + shape.length : axis;
  if (opset >= 13) return isClassAxis(axis, shape);
  const isOne = (size: number | undefined): boolean => size === 1;
  return (
    first > 0 && shape.slice(1, first).every(isOne) && shape.slice(first).filter((size) => !isOne(size)).length <= 1
  );
}

/** Whether an axis is none of the batch, and all others but that have the size 1. */
function isClassAxis(axis: number, shape: Shape | undefined): boolean {
  if (shape === undefined) return true;
  const at = axis < 0 ? axis + shape.length : axis;
  return at > 0 && shape.every((size, i) => i === 0 || i === at || size === 1);
}
