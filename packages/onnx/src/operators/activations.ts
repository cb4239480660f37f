import type { Graph } from '../graph/graph.js';
import type { Operation, ShapesRule, Value } from '../graph/types.js';
import { scalarIn, tensorOf } from './formulas/constants.js';
import { complement, half, positive, shift, square } from './formulas/masks.js';
import { type Family, input, output, type Rule, unsupported } from './operator.js';
import { number } from './semantics/attributes.js';
import { same } from './semantics/same.js';

/** A rule g f(x, y) for an activation y of x. */
const times =
  (slope: (graph: Graph, x: Value, y: Value, op: Operation) => Value): Rule =>
  (graph, g, op) =>
    graph.mul(g, slope(graph, input(op, 0), output(op), op));

/** `above` where a mask is 1, `below` where it is 0. */
const choose = (graph: Graph, mask: Value, above: number, below: number): Value =>
  shift(graph, graph.scale(mask, above - below), below);

/** a (exp(b x) - 1) below 0 and c x above: b y + a b below, c above. One Min and one sum where a b = c. */
function exponentialUnit(graph: Graph, y: Value, a: number, b: number, c: number): Value {
  const slope = shift(graph, graph.scale(graph.op('Min', [y, graph.constant(0)]), b), a * b);
  const jump = c - a * b;
  return Math.abs(jump) < 1e-7 ? slope : graph.plus(slope, graph.scale(positive(graph, y), jump));
}

/** y is strictly between its bounds; (upper - y)(y - lower) >= 0 is 0 at them. */
function inside(graph: Graph, y: Value, low: Value | undefined, high: Value | undefined): Value | undefined {
  const [lower, upper] = [low, high].map((bound) => {
    const infinite = bound !== undefined && !Number.isFinite(scalarIn(graph, bound) ?? 0);
    return infinite ? undefined : bound;
  });
  const below = upper && graph.sub(upper, y);
  const above = lower && (scalarIn(graph, lower) === 0 ? y : graph.sub(y, lower));
  const distance = below === undefined || above === undefined ? (below ?? above) : graph.mul(below, above);
  return distance && positive(graph, distance);
}

/** y = x h with h = min(max(x/6 + 1/2, 0), 1): h + x/6 where -3 < x < 3, h elsewhere; there |h - 1/2| = |x/6| < 1/2. */
function hardSwish(graph: Graph, x: Value): Value {
  const h = graph.op('HardSigmoid', [x], { alpha: 1 / 6, beta: 0.5 });
  const between = positive(graph, graph.mul(h, complement(graph, h)));
  return graph.plus(h, graph.mul(shift(graph, h, -0.5), between));
}

/** y = x P(x): P(x) + x p(x) with P(x) = (1 + erf(t))/2, x p(x) = t exp(-t^2)/sqrt(pi), t = x/sqrt(2) */
function gelu(graph: Graph, x: Value): Value {
  const t = graph.scale(x, Math.SQRT1_2);
  const exponent = graph.sub(graph.constant(-0.5 * Math.log(Math.PI)), square(graph, t));
  return graph.plus(half(graph, graph.op('Erf', [t])), graph.mul(t, graph.exp(exponent)));
}

/** y = x (1 + tanh(u))/2 = x s with u = sqrt(2/pi) (x + 0.044715 x^3): s + 2 x s (1 - s) u' */
function geluTanh(graph: Graph, x: Value): Value {
  const [a, b] = [Math.sqrt(2 / Math.PI), 0.044715];
  const x2 = square(graph, x);
  const u = graph.mul(x, shift(graph, graph.scale(x2, a * b), a));
  const s = half(graph, graph.op('Tanh', [u]));
  const bend = graph.mul(x, shift(graph, graph.scale(x2, 6 * a * b), 2 * a));
  return graph.plus(s, graph.mul(graph.mul(s, complement(graph, s)), bend));
}

/** y = x sigmoid(a x) = x s: s (1 + a (x - y)) */
const swish = (graph: Graph, x: Value, y: Value, a: number): Value =>
  graph.mul(graph.op('Sigmoid', [graph.scale(x, a)]), shift(graph, graph.scale(graph.sub(x, y), a), 1));

/** y = x t with t = tanh(softplus(x)): t + x sigmoid(x) (1 - t^2) */
function mish(graph: Graph, x: Value): Value {
  const t = graph.op('Tanh', [graph.op('Softplus', [x])]);
  const bend = graph.mul(graph.mul(x, graph.op('Sigmoid', [x])), complement(graph, square(graph, t)));
  return graph.plus(t, bend);
}

/** @throws OnnxError ONNX_UNSUPPORTED: in training mode */
const dropout: Rule = (graph, g, op) => {
  const training = op.inputs[2];
  const constant = tensorOf(graph, training);
  const off = constant?.rawData[0] === 0 || constant?.int32Data[0] === 0;
  if (training === undefined || off) return g;
  throw unsupported(op, 'drops at random', 'export the model in inference mode: model.eval()');
};

const sameForAll: ShapesRule = ({ shapes, outputs }) => Array.from({ length: outputs }, () => shapes[0]);

/** What bends. */
export const activations: Family = {
  Relu: { shape: same, gradient: [times((graph, _, y) => positive(graph, y))] },
  Sigmoid: { shape: same, gradient: [times((graph, _, y) => graph.mul(y, complement(graph, y)))] },
  Tanh: { shape: same, gradient: [times((graph, _, y) => complement(graph, square(graph, y)))] },
  LeakyRelu: {
    shape: same,
    gradient: [times((graph, x, _, op) => choose(graph, positive(graph, x), 1, number(op, 'alpha', 0.01)))],
    floats: ['alpha'],
  },
  PRelu: {
    shape: same,
    gradient: [
      (graph, g, op) => {
        const mask = positive(graph, input(op, 0));
        return graph.mul(g, graph.plus(mask, graph.mul(input(op, 1), complement(graph, mask))));
      },
      (graph, g, op) => graph.mul(g, graph.op('Min', [input(op, 0), graph.constant(0)])),
    ],
    broadcasts: 'together',
  },
  Elu: {
    shape: same,
    gradient: [times((graph, _, y, op) => exponentialUnit(graph, y, number(op, 'alpha', 1), 1, 1))],
    floats: ['alpha'],
  },
  Celu: {
    shape: same,
    gradient: [
      times((graph, _, y, op) => exponentialUnit(graph, y, number(op, 'alpha', 1), 1 / number(op, 'alpha', 1), 1)),
    ],
    floats: ['alpha'],
  },
  Selu: {
    shape: same,
    gradient: [
      times((graph, _, y, op) => {
        const gamma = number(op, 'gamma', 1.0507009873554805);
        return exponentialUnit(graph, y, gamma * number(op, 'alpha', 1.6732632423543772), 1, gamma);
      }),
    ],
    floats: ['alpha', 'gamma'],
  },
  ThresholdedRelu: {
    shape: same,
    gradient: [times((graph, x, _, op) => positive(graph, shift(graph, x, -number(op, 'alpha', 1))))],
    floats: ['alpha'],
  },
  /** Also of Relu6: Clip(x, 0, 6). */
  Clip: {
    shape: same,
    gradient: [
      (graph, g, op) => {
        const mask = inside(graph, output(op), op.inputs[1], op.inputs[2]);
        return mask === undefined ? g : graph.mul(g, mask);
      },
    ],
  },
  HardSigmoid: {
    shape: same,
    gradient: [
      (graph, g, op) => {
        const between = positive(graph, graph.mul(output(op), complement(graph, output(op))));
        return graph.mul(graph.scale(g, number(op, 'alpha', 0.2)), between);
      },
    ],
    floats: ['alpha', 'beta'],
  },
  HardSwish: { shape: same, gradient: [times(hardSwish)] },
  Shrink: {
    shape: same,
    gradient: [
      times((graph, x, _, op) => {
        const lambda = number(op, 'lambd', 0.5);
        return positive(graph, shift(graph, graph.op('Abs', [x]), -lambda));
      }),
    ],
    floats: ['lambd', 'bias'],
  },
  Gelu: {
    shape: same,
    gradient: [
      times((graph, x, _, op) => (op.attributes.approximate === 'tanh' ? geluTanh(graph, x) : gelu(graph, x))),
    ],
  },
  Swish: {
    shape: same,
    gradient: [times((graph, x, y, op) => swish(graph, x, y, number(op, 'alpha', 1)))],
    floats: ['alpha'],
  },
  Mish: { shape: same, gradient: [times(mish)] },
  Softplus: { shape: same, gradient: [times((graph, x) => graph.op('Sigmoid', [x]))] },
  /** y = x / (1 + |x|): (1 - |y|)^2 */
  Softsign: { shape: same, gradient: [times((graph, _, y) => square(graph, complement(graph, graph.op('Abs', [y]))))] },
  Dropout: { shapes: sameForAll, gradient: [dropout] },
};
