import { input, output, type Rule, type Rules } from './rule.js';

const pass: Rule = (_, g) => g;

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
  Relu: [(graph, g, op) => graph.mul(g, graph.above(output(op), graph.constant(0)))],
  Sigmoid: [(graph, g, op) => graph.mul(g, graph.mul(output(op), graph.sub(graph.constant(1), output(op))))],
  Tanh: [(graph, g, op) => graph.mul(g, graph.sub(graph.constant(1), graph.mul(output(op), output(op))))],
};
