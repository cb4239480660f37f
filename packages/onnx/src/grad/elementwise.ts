import type { Graph, Operation, Value } from '../graph.js';
import { complement, positive, shift, square, zero } from './masks.js';
import { input, output, type Rule, type Rules } from './rule.js';
import { scalarIn } from './sizes.js';

const pass: Rule = (_, g) => g;

/** A rule g f(x) for a function of one input. */
const times =
  (slope: (graph: Graph, x: Value, y: Value) => Value): Rule =>
  (graph, g, op) =>
    graph.mul(g, slope(graph, input(op, 0), output(op)));

/** A rule g / f(x). */
const over =
  (slope: (graph: Graph, x: Value) => Value): Rule =>
  (graph, g, op) =>
    graph.div(g, slope(graph, input(op, 0)));

/** x^p for the p of most models needs no power: x^2 has 2 x, sqrt(x) has 1 / (2 y). */
const powerBase: Rule = (graph, g, op) => {
  const [x, p] = [input(op, 0), input(op, 1)];
  const exponent = scalarIn(graph, p);
  if (exponent === undefined) return graph.mul(g, graph.mul(p, graph.op('Pow', [x, shift(graph, p, -1)])));
  if (exponent === 0.5) return graph.div(graph.scale(g, 0.5), output(op));
  const slope =
    exponent === 3 ? square(graph, x) : exponent === 2 ? x : graph.op('Pow', [x, graph.constant(exponent - 1)]);
  return graph.mul(g, graph.scale(slope, exponent));
};

/** Where the input is the one that won; all that tie win. */
const winner =
  (distance: (graph: Graph, y: Value, x: Value) => Value): Rule =>
  (graph, g, op, i) =>
    graph.mul(g, zero(graph, distance(graph, output(op), input(op, i))));

const none = (graph: Graph): Value => graph.constant(0);
const present = (op: Operation): number => op.inputs.length;

export const elementwise: Rules = {
  Identity: [pass],
  Add: [pass, pass],
  Sub: [pass, (graph, g) => graph.neg(g)],
  Mul: [(graph, g, op) => graph.mul(g, input(op, 1)), (graph, g, op) => graph.mul(g, input(op, 0))],
  Div: [
    (graph, g, op) => graph.div(g, input(op, 1)),
    (graph, g, op) => graph.neg(graph.div(graph.mul(g, output(op)), input(op, 1))),
  ],
  Pow: [powerBase, (graph, g, op) => graph.mul(g, graph.mul(output(op), graph.op('Log', [input(op, 0)])))],
  Sum: { everyInput: pass },
  Mean: { everyInput: (graph, g, op) => graph.scale(g, 1 / present(op)) },
  Max: { everyInput: winner((graph, y, x) => graph.sub(y, x)) },
  Min: { everyInput: winner((graph, y, x) => graph.sub(x, y)) },
  Where: [
    undefined,
    (graph, g, op) => graph.op('Where', [input(op, 0), g, none(graph)]),
    (graph, g, op) => graph.op('Where', [input(op, 0), none(graph), g]),
  ],
  /** Between float types. */
  Cast: [(graph, g, op) => graph.op('CastLike', [g, input(op, 0)])],
  CastLike: [(graph, g, op) => graph.op('CastLike', [g, input(op, 0)])],

  Neg: [(graph, g) => graph.neg(g)],
  Abs: [times((graph, x) => graph.op('Sign', [x]))],
  Reciprocal: [(graph, g, op) => graph.neg(graph.mul(g, square(graph, output(op))))],
  Exp: [times((_, __, y) => y)],
  Log: [over((_, x) => x)],
  Sqrt: [(graph, g, op) => graph.div(graph.scale(g, 0.5), output(op))],
  /** 2/sqrt(pi) exp(-x^2), the factor in the exponent */
  Erf: [times((graph, x) => graph.exp(graph.sub(graph.constant(Math.log(2 / Math.sqrt(Math.PI))), square(graph, x))))],
  Sin: [times((graph, x) => graph.op('Cos', [x]))],
  Cos: [times((graph, x) => graph.neg(graph.op('Sin', [x])))],
  Tan: [times((graph, _, y) => shift(graph, square(graph, y), 1))],
  Asin: [over((graph, x) => graph.sqrt(complement(graph, square(graph, x))))],
  Acos: [over((graph, x) => graph.neg(graph.sqrt(complement(graph, square(graph, x)))))],
  Atan: [over((graph, x) => shift(graph, square(graph, x), 1))],
  Sinh: [times((graph, x) => graph.op('Cosh', [x]))],
  Cosh: [times((graph, x) => graph.op('Sinh', [x]))],
  Asinh: [over((graph, x) => graph.sqrt(shift(graph, square(graph, x), 1)))],
  Acosh: [over((graph, x) => graph.sqrt(shift(graph, square(graph, x), -1)))],
  Atanh: [over((graph, x) => complement(graph, square(graph, x)))],
  Relu: [times((graph, _, y) => positive(graph, y))],
  Sigmoid: [times((graph, _, y) => graph.mul(y, complement(graph, y)))],
  Tanh: [times((graph, _, y) => complement(graph, square(graph, y)))],
};
