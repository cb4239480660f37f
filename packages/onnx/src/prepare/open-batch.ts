import { OnnxError } from '../errors.js';
import type { GraphProto, NodeProto } from '../gen/onnx/onnx_pb.js';
import type { Shape } from '../graph/types.js';
import { openDims } from '../import/import-node.js';
import { type Inferred, inferredShapes } from '../import/infer.js';
import { freeName } from '../model/free-name.js';
import { checkModel, constantLookup, type OnnxModel, shapeOf } from '../model/model.js';
import { nameOf, typeOf } from '../model/node.js';
import { intTensor } from '../model/tensor.js';
import { dependents, describedValue, editable, int, nodeOf, type Prepared } from './rewrite.js';

/** A batch to try the opened model with, as no size in a model is likely to be. */
const TRIED = 7;

/** A change of one node; undefined where it works for any batch as it is. A text says why it cannot be opened. */
type Repair = (node: NodeProto, context: Context) => string | undefined;

interface Context {
  readonly graph: GraphProto;
  /** With the batch as it is fixed. */
  readonly before: Inferred;
  readonly constant: (name: string) => boolean;
  /** Values that depend on the input. */
  readonly live: ReadonlySet<string>;
  readonly fixed: number;
  /** Adds a node in front of the one that is looked at. */
  readonly add: (node: NodeProto) => void;
  readonly changes: string[];
}

/**
 * The model with an open batch, where it has a fixed one, as `torch.onnx.export(model, x, 'm.onnx')` writes it. The
 * batch has to be the first axis of every value on the way: what was written down for a batch of one, such as the
 * shapes of reshapes, is written for any.
 *
 * @throws OnnxError ONNX_UNSUPPORTED: a node mixes the images of a batch, or its shape is not known, so that the batch
 *   cannot be opened
 */
export function openBatch(model: OnnxModel): Prepared {
  const [fixed] = openDims(shapeOf(model.input));
  if (fixed === undefined) return zeroOpened(model);
  const refused = (why: string) =>
    new OnnxError(
      'ONNX_UNSUPPORTED',
      `${model.name} has a fixed batch of ${fixed}, which cannot be opened: ${why}; export it with a dynamic batch axis (dynamic_axes, or dynamic_shapes with dynamo).`,
    );
  const { proto, graph } = editable(model);
  const before = inferredShapes(model);
  const live = dependents(graph, [model.input.name]);
  const held = constantLookup(graph);
  const constant = (name: string): boolean => held(name) !== undefined;
  const nodes: NodeProto[] = [];
  const changes: string[] = [`opened the batch of "${model.input.name}", which was ${fixed}`];
  const context: Context = { graph, before, constant, live, fixed, add: (node) => nodes.push(node), changes };
  for (const node of graph.node) {
    if (node.input.some((name) => live.has(name))) {
      const why = REPAIRS[typeOf(node)]?.(node, context);
      if (why !== undefined) throw refused(`"${nameOf(node)}", a ${node.opType}, ${why}`);
    }
    nodes.push(node);
  }
  graph.node = nodes;
  const open = (shape: Shape): Shape => shape.with(0, undefined);
  graph.input = graph.input.map((value) =>
    value.name === model.input.name ? describedValue(value, { shape: open(openDims(shapeOf(value))) }) : value,
  );
  graph.output = graph.output.map((value) => {
    const dims = openDims(shapeOf(value));
    return dims.length === 0 ? value : describedValue(value, { shape: dims[0] === fixed ? open(dims) : dims });
  });
  // What was stated of the values inside is so for one size of the batch.
  graph.valueInfo = [];
  const opened = checkModel(proto, model.name);
  check(opened, before, refused);
  return { model: opened, changes };
}

/** Some write an open batch as 0, which onnxruntime takes at its word. */
function zeroOpened(model: OnnxModel): Prepared {
  const isZero = ({ type }: OnnxModel['input']): boolean => {
    const [batch] = type?.value.case === 'tensorType' ? (type.value.value.shape?.dim ?? []) : [];
    return batch?.value.case === 'dimValue' && batch.value.value === 0n;
  };
  if (!isZero(model.input)) return { model, changes: [] };
  const { proto, graph } = editable(model);
  const opened = (value: OnnxModel['input']) =>
    isZero(value) ? describedValue(value, { shape: openDims(shapeOf(value)) }) : value;
  graph.input = graph.input.map(opened);
  graph.output = graph.output.map(opened);
  return { model: checkModel(proto, model.name), changes: [`opened the batch of "${model.input.name}", which was 0`] };
}

/** Every value on the way has the batch as its first axis, and is as it was otherwise. */
function check(opened: OnnxModel, before: Inferred, refused: (why: string) => OnnxError): void {
  const input = openDims(shapeOf(opened.input)).with(0, TRIED);
  const after = inferredShapes(opened, input);
  const { name } = opened.output;
  const [was, is] = [before.shape(name), after.shape(name)];
  if (was === undefined || is === undefined)
    throw refused(`the shape of "${name}" does not follow from that of the input`);
  const scaled = is[0] === TRIED && is.length === was.length && is.every((size, i) => i === 0 || size === was[i]);
  if (!scaled)
    throw refused(`"${name}" would have the shape [${is.map((size) => size ?? '?')}] for a batch of ${TRIED}`);
}

const mixes = 'goes over the batch';

/** An axis attribute that counts from the front. */
const axisOf = (node: NodeProto, fallback: number, rank: number | undefined): number => {
  const axis = Number(node.attribute.find(({ name }) => name === 'axis')?.i ?? fallback);
  return axis < 0 ? axis + (rank ?? Number.NaN) : axis;
};

/** Not along the first axis. */
const alongAxis =
  (fallback: number): Repair =>
  (node, { before }) =>
    axisOf(node, fallback, before.shape(node.input[0] ?? '')?.length) === 0 ? mixes : undefined;

/** A target that was written down: any batch, and the other sizes as they are. */
const reshape: Repair = (node, { before, constant, graph, changes, live }) => {
  const [data = '', target = ''] = node.input;
  if (!constant(target) || !live.has(data)) return undefined;
  const given = before.integers(target);
  if (given?.[0] === 0 || given?.[0] === -1) return undefined;
  const shape = before.shape(node.output[0] ?? '');
  const rest = shape?.slice(1);
  if (shape === undefined || rest === undefined || rest.some((size) => size === undefined))
    return 'has a target for which sizes are missing';
  const name = freeName(graph, `${target}/batched`);
  graph.initializer.push(intTensor(name, [-1, ...(rest as number[])]));
  node.input[1] = name;
  changes.push(`"${nameOf(node)}" makes rows of any number, and not ${shape[0]}`);
  return undefined;
};

/** A constant beside values of the batch, such as a token in front of those of an image, is repeated. */
const concat: Repair = (node, { before, live, graph, add, changes, fixed }) => {
  const [like] = node.input.filter((name) => live.has(name));
  if (axisOf(node, 0, before.shape(like ?? '')?.length) === 0) return mixes;
  for (const [i, name] of node.input.entries()) {
    if (live.has(name)) continue;
    const shape = before.shape(name);
    if (shape === undefined || shape[0] !== fixed || fixed !== 1)
      return `joins "${name}", which is no part of the batch`;
    const [size, first, ones, dims, repeated] = ['size', 'first', 'ones', 'dims', 'repeated'].map((role) =>
      freeName(graph, `${name}/${role}`),
    ) as [string, string, string, string, string];
    const zero = freeName(graph, `${name}/zero`);
    graph.initializer.push(
      intTensor(zero, [0]),
      intTensor(
        ones,
        shape.slice(1).map(() => 1),
      ),
    );
    add(nodeOf('Shape', [like ?? ''], size));
    add(nodeOf('Gather', [size, zero], first, [int('axis', 0)]));
    add(nodeOf('Concat', [first, ones], dims, [int('axis', 0)]));
    add(nodeOf('Expand', [name, dims], repeated));
    node.input[i] = repeated;
    changes.push(`repeats "${name}" for every image`);
  }
  return undefined;
};

/** Sizes that were written down hold the batch too. */
const resize: Repair = (node, { before, constant, graph, add, changes }) => {
  const [data = '', , , sizes = ''] = node.input;
  const given = before.integers(sizes);
  if (sizes === '' || !constant(sizes) || node.attribute.some(({ name }) => name === 'axes')) return undefined;
  if (given === undefined) return 'has sizes that are not known';
  const [all, first, rest, both, zero] = ['all', 'first', 'rest', 'both', 'zero'].map((role) =>
    freeName(graph, `${sizes}/${role}`),
  ) as [string, string, string, string, string];
  graph.initializer.push(intTensor(zero, [0]), intTensor(rest, given.slice(1)));
  add(nodeOf('Shape', [data], all));
  add(nodeOf('Gather', [all, zero], first, [int('axis', 0)]));
  add(nodeOf('Concat', [first, rest], both, [int('axis', 0)]));
  node.input[3] = both;
  changes.push(`"${nameOf(node)}" keeps the size of the batch`);
  return undefined;
};

const transpose: Repair = (node, { before }) => {
  const perm = node.attribute.find(({ name }) => name === 'perm')?.ints.map(Number);
  const rank = before.shape(node.input[0] ?? '')?.length ?? 2;
  return (perm?.[0] ?? rank - 1) === 0 || rank < 2 ? undefined : 'moves the batch to another axis';
};

/** Reductions and squeezes of axes that are an attribute or an input. */
const overAxes: Repair = (node, { before }) => {
  const rank = before.shape(node.input[0] ?? '')?.length;
  const attribute = node.attribute.find(({ name }) => name === 'axes')?.ints.map(Number);
  const axes = attribute ?? before.integers(node.input[1] ?? '');
  if (axes === undefined || axes.length === 0) return 'goes over all axes';
  return axes.some((axis) => (axis < 0 ? axis + (rank ?? Number.NaN) : axis) === 0) ? mixes : undefined;
};

const slice: Repair = (node, { before }) => {
  const axes = node.input[3] === undefined ? [0] : before.integers(node.input[3]);
  const rank = before.shape(node.input[0] ?? '')?.length ?? 0;
  return axes === undefined || axes.some((axis) => axis === 0 || axis + rank === 0) ? 'cuts the batch' : undefined;
};

const unsqueeze: Repair = (node, { before }) => {
  const axes =
    node.attribute.find(({ name }) => name === 'axes')?.ints.map(Number) ?? before.integers(node.input[1] ?? '');
  const rank = (before.shape(node.input[0] ?? '')?.length ?? 0) + (axes?.length ?? 0);
  return axes === undefined || axes.some((axis) => axis === 0 || axis + rank === 0)
    ? 'moves the batch to another axis'
    : undefined;
};

const recurrent: Repair = () => 'has the batch in another axis than the first';

const REDUCTIONS =
  'ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSum ReduceLogSumExp Squeeze';

const REPAIRS: Readonly<Record<string, Repair>> = {
  ...Object.fromEntries(REDUCTIONS.split(' ').map((type) => [type, overAxes])),
  Reshape: reshape,
  Concat: concat,
  Resize: resize,
  Transpose: transpose,
  Slice: slice,
  Unsqueeze: unsqueeze,
  Gather: alongAxis(0),
  Split: alongAxis(0),
  Softmax: alongAxis(-1),
  LogSoftmax: alongAxis(-1),
  ArgMax: alongAxis(0),
  CumSum: () => undefined,
  LSTM: recurrent,
  GRU: recurrent,
  RNN: recurrent,
};
