import { TensorProto_DataType as Type } from '../gen/onnx/onnx_pb.js';
import type { Graph } from '../graph/graph.js';
import { mapped } from '../graph/small-tensor.js';
import type { FoldRule, Operation, Value } from '../graph/types.js';
import { scalarIn } from './formulas/constants.js';
import { complement, positive, quotient, shift, square, zero } from './formulas/masks.js';
import { type Family, input, output, type Rule } from './operator.js';
import { binary, chosen, folded, repeated, unary } from './semantics/elementwise.js';
import { same } from './semantics/same.js';

const pass: Rule = (_, g) => g;

/** A rule g f(x) for a function of one input. */
const times =
  (slope: (graph: Graph, x: Value, y: Value) => Value): Rule =>
  (graph, g, op) =>
    graph.mul(g, slope(graph, input(op, 0), output(op)));

/** A rule g / f(x) with f(x) > 0 but at the ends of where the function is defined. */
const within =
  (slope: (graph: Graph, x: Value) => Value): Rule =>
  (graph, g, op) =>
    quotient(graph, g, slope(graph, input(op, 0)));

/** A rule g / f(x). */
const over =
  (slope: (graph: Graph, x: Value) => Value): Rule =>
  (graph, g, op) =>
    graph.div(g, slope(graph, input(op, 0)));

/** x^p for the p of most models needs no power: x^2 has 2 x, sqrt(x) has 1 / (2 y). */
const powerBase: Rule = (graph, g, op) => {
  const [x, p] = [input(op, 0), input(op, 1)];
  const exponent = scalarIn(graph, p);
  if (exponent === undefined) return powerOfMany(graph, g, x, p);
  if (exponent === 0 || exponent === 1) return graph.scale(g, exponent);
  if (exponent === 0.5) return quotient(graph, graph.scale(g, 0.5), output(op));
  // y / x: the power itself has no slope at 0.
  if (exponent > 0 && exponent < 1) return quotient(graph, graph.mul(g, graph.scale(output(op), exponent)), x);
  const slope =
    exponent === 3 ? square(graph, x) : exponent === 2 ? x : graph.op('Pow', [x, graph.constant(exponent - 1)]);
  return graph.mul(g, graph.scale(slope, exponent));
};

/** Exponents may be integers, and 0 or less than 1 where x is 0: there the slope is 0 or not finite. */
function powerOfMany(graph: Graph, g: Value, x: Value, p: Value): Value {
  const exponents = graph.op('Cast', [p], { to: Type.FLOAT });
  const slope = graph.mul(exponents, graph.op('Pow', [x, shift(graph, exponents, -1)]));
  const steep = graph.op('Less', [exponents, graph.constant(1)]);
  const flat = graph.op('And', [graph.op('Equal', [x, graph.constant(0)]), steep]);
  return graph.mul(g, graph.op('Where', [flat, graph.constant(0), slope]));
}

/** y log(x), and 0 where x is not positive: a power of 0 does not change with its exponent. */
const powerExponent: Rule = (graph, g, op) => {
  const x = input(op, 0);
  const logarithm = graph.op('Log', [graph.op('Max', [x, graph.constant(1e-30)])]);
  return graph.mul(g, graph.mul(graph.mul(output(op), logarithm), positive(graph, x)));
};

/** Where the input is the one that won; all that tie win. */
const winner =
  (distance: (graph: Graph, y: Value, x: Value) => Value): Rule =>
  (graph, g, op, i) =>
    graph.mul(g, zero(graph, distance(graph, output(op), input(op, i))));

const none = (graph: Graph): Value => graph.constant(0);
const present = (op: Operation): number => op.inputs.length;

/** Types between which a gradient flows, and types of integers. */
const FLOATS: ReadonlySet<unknown> = new Set([Type.FLOAT, Type.FLOAT16, Type.DOUBLE, Type.BFLOAT16]);
const INTEGERS: ReadonlySet<unknown> = new Set([Type.INT64, Type.INT32, Type.BOOL]);

const cast: FoldRule = ({ at, attributes }) => {
  const integer = INTEGERS.has(attributes.to);
  if (attributes.to === Type.BOOL) return mapped(at(0), (x) => Number(x !== 0), true);
  return mapped(at(0), integer ? Math.trunc : (x) => x, integer);
};

/** Functions of each element, and arithmetic between elements. */
export const elementwise: Family = {
  Identity: { shape: same, fold: ({ at }) => at(0), gradient: [pass] },
  Add: { shape: repeated, fold: binary((x, y) => x + y), gradient: [pass, pass], broadcasts: 'together' },
  Sub: {
    shape: repeated,
    fold: binary((x, y) => x - y),
    gradient: [pass, (graph, g) => graph.neg(g)],
    broadcasts: 'together',
  },
  Mul: {
    shape: repeated,
    fold: binary((x, y) => x * y),
    gradient: [(graph, g, op) => graph.mul(g, input(op, 1)), (graph, g, op) => graph.mul(g, input(op, 0))],
    broadcasts: 'together',
  },
  Div: {
    shape: repeated,
    fold: binary((x, y, integer) => (integer ? Math.trunc(x / y) : x / y)),
    gradient: [
      (graph, g, op) => graph.div(g, input(op, 1)),
      (graph, g, op) => graph.neg(graph.div(graph.mul(g, output(op)), input(op, 1))),
    ],
    broadcasts: 'together',
  },
  Pow: {
    shape: repeated,
    fold: binary((x, y) => x ** y),
    gradient: [powerBase, powerExponent],
    broadcasts: 'together',
  },
  Sum: { shape: repeated, gradient: { everyInput: pass }, broadcasts: 'together' },
  Mean: {
    shape: repeated,
    gradient: { everyInput: (graph, g, op) => graph.scale(g, 1 / present(op)) },
    broadcasts: 'together',
  },
  Max: {
    shape: repeated,
    fold: folded(Math.max),
    gradient: { everyInput: winner((graph, y, x) => graph.sub(y, x)) },
    broadcasts: 'together',
  },
  Min: {
    shape: repeated,
    fold: folded(Math.min),
    gradient: { everyInput: winner((graph, y, x) => graph.sub(x, y)) },
    broadcasts: 'together',
  },
  Where: {
    shape: repeated,
    fold: chosen,
    gradient: [
      undefined,
      (graph, g, op) => graph.op('Where', [input(op, 0), g, none(graph)]),
      (graph, g, op) => graph.op('Where', [input(op, 0), none(graph), g]),
    ],
    broadcasts: 'together',
  },
  /** Between float types. */
  Cast: {
    shape: same,
    fold: cast,
    gradient: [(graph, g, op) => graph.op('CastLike', [g, input(op, 0)])],
    flat: ({ attributes }) => !FLOATS.has(attributes.to),
  },
  CastLike: { shape: same, gradient: [(graph, g, op) => graph.op('CastLike', [g, input(op, 0)])], typeOnly: 1 },
  Neg: { shape: same, fold: unary((x) => 0 - x), gradient: [(graph, g) => graph.neg(g)] },
  Abs: { shape: same, gradient: [times((graph, x) => graph.op('Sign', [x]))] },
  Reciprocal: { shape: same, gradient: [(graph, g, op) => graph.neg(graph.mul(g, square(graph, output(op))))] },
  Exp: { shape: same, gradient: [times((_, __, y) => y)] },
  Log: { shape: same, gradient: [over((_, x) => x)] },
  Sqrt: {
    shape: same,
    fold: unary(Math.sqrt),
    gradient: [(graph, g, op) => quotient(graph, graph.scale(g, 0.5), output(op))],
  },
  /** 2/sqrt(pi) exp(-x^2), the factor in the exponent */
  Erf: {
    shape: same,
    gradient: [
      times((graph, x) => graph.exp(graph.sub(graph.constant(Math.log(2 / Math.sqrt(Math.PI))), square(graph, x)))),
    ],
  },
  Sin: { shape: same, gradient: [times((graph, x) => graph.op('Cos', [x]))] },
  Cos: { shape: same, gradient: [times((graph, x) => graph.neg(graph.op('Sin', [x])))] },
  Tan: { shape: same, gradient: [times((graph, _, y) => shift(graph, square(graph, y), 1))] },
  Asin: { shape: same, gradient: [within((graph, x) => graph.sqrt(complement(graph, square(graph, x))))] },
  Acos: {
    shape: same,
    gradient: [
      (graph, g, op) => graph.neg(quotient(graph, g, graph.sqrt(complement(graph, square(graph, input(op, 0)))))),
    ],
  },
  Atan: { shape: same, gradient: [over((graph, x) => shift(graph, square(graph, x), 1))] },
  Sinh: { shape: same, gradient: [times((graph, x) => graph.op('Cosh', [x]))] },
  Cosh: { shape: same, gradient: [times((graph, x) => graph.op('Sinh', [x]))] },
  Asinh: { shape: same, gradient: [over((graph, x) => graph.sqrt(shift(graph, square(graph, x), 1)))] },
  Acosh: { shape: same, gradient: [within((graph, x) => graph.sqrt(shift(graph, square(graph, x), -1)))] },
  Atanh: { shape: same, gradient: [over((graph, x) => complement(graph, square(graph, x)))] },
};
