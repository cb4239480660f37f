import type { Graph, Operation, Value } from '../graph.js';
import { type Rule, type Rules, unsupported } from './rule.js';

interface Equation {
  readonly operands: readonly string[];
  readonly result: string;
}

/** The letters of operands and result; a result that is left out has the letters that occur once, sorted. */
function equationOf({ attributes }: Operation): Equation {
  const [left = '', right] = String(attributes.equation).replaceAll(' ', '').split('->');
  const letters = [...left].filter((letter) => /[a-z]/i.test(letter)).sort();
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter)).join('');
  return { operands: left.split(','), result: right ?? (left.includes('...') ? `...${once}` : once) };
}

/** The equation with result and operand exchanged. */
const exchanged: Rule = (graph, g, op, i) => {
  const { operands, result } = equationOf(op);
  const own = operands[i] as string;
  const others = op.inputs.flatMap((value, k) => (k === i || value === undefined ? [] : [{ value, k }]));
  const from = [result, ...others.map(({ k }) => operands[k] as string)];
  const missing = [...own].some((letter) => !from.some((letters) => letters.includes(letter)));
  const twice = new Set(own.replace('...', '')).size < own.replace('...', '').length;
  if (missing || twice) {
    throw unsupported(op, `sums or repeats an axis of one operand ("${op.attributes.equation}")`, 'write it as a sum');
  }
  return product(graph, [g, ...others.map(({ value }) => value)], `${from}->${own}`);
};

const product = (graph: Graph, factors: readonly Value[], equation: string): Value =>
  graph.op('Einsum', factors, { equation });

export const einsum: Rules = { Einsum: { everyInput: exchanged } };
