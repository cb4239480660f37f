import type { Graph, Value } from '../graph.js';
import { input, output, type Rule, type Rules } from './rule.js';

const pass: Rule = (_, g) => g;

/**
 * 1 where a value >= 0 is positive, else 0: a ramp from 0 to 1 that is as steep as float32 has it. One pass over the activation and as
 * many threads as there are; Greater and Cast take two, the second on one thread, and Where is five times slower than both.
 */
const positive = (graph: Graph, value: Value): Value => graph.op('HardSigmoid', [value], { alpha: 3e38, beta: 0 });

export const elementwise: Rules = {
  Identity: [pass],
  Add: [pass, pass],
  Sub: [pass, (graph, g) => graph.neg(g)],
  Mul: [(graph, g, op) => graph.mul(g, input(op, 1)), (graph, g, op) => graph.mul(g, input(op, 0))],
  Div: [
    (graph, g, op) => graph.div(g, input(op, 1)),
    (graph, g, op) => graph.neg(graph.div(graph.mul(g, output(op)), input(op, 1))),
  ],
  Neg: [(graph, g) => graph.neg(g)],
  Exp: [(graph, g, op) => graph.mul(g, output(op))],
  Log: [(graph, g, op) => graph.div(g, input(op, 0))],
  Sqrt: [(graph, g, op) => graph.div(graph.scale(g, 0.5), output(op))],
  Relu: [(graph, g, op) => graph.mul(g, positive(graph, output(op)))],
  Sigmoid: [(graph, g, op) => graph.mul(g, graph.mul(output(op), graph.sub(graph.constant(1), output(op))))],
  Tanh: [(graph, g, op) => graph.mul(g, graph.sub(graph.constant(1), graph.mul(output(op), output(op))))],
};
