import type { Dim } from '../graph-base.js';
import { number, type ShapeRule, type ShapeRules, together } from './shape-rule.js';

const gemm: ShapeRule = (context) => {
  const [a, b] = context.shapes;
  return a && b && [a[number(context, 'transA', 0)], b[1 - number(context, 'transB', 0)]];
};

/** A vector is a row on the left and a column on the right, and that axis is left out of the product. */
const matmul: ShapeRule = ({ shapes: [a, b] }) => {
  if (a === undefined || b === undefined) return undefined;
  const rows = a.length === 1 ? [] : [a.at(-2)];
  const columns = b.length === 1 ? [] : [b.at(-1)];
  return [...together(a.slice(0, -2), b.slice(0, -2)), ...rows, ...columns];
};

const einsum: ShapeRule = ({ shapes, attributes }) => {
  const [left = '', right] = String(attributes.equation ?? '')
    .replaceAll(' ', '')
    .split('->');
  const parts = left.split(',');
  // Axes behind an ellipsis are aligned to the right: the last is called 0.
  const extra = parts.map((part, i) => (shapes[i]?.length ?? 0) - part.replace('...', '').length);
  const names = (count: number): string => Array.from({ length: count }, (_, i) => count - 1 - i).join('');
  const sizes = new Map<string, Dim>();
  for (const [i, part] of parts.entries()) {
    for (const [axis, letter] of [...part.replace('...', names(extra[i] ?? 0))].entries()) {
      const size = shapes[i]?.[axis];
      sizes.set(letter, sizes.has(letter) ? together([sizes.get(letter)], [size])[0] : size);
    }
  }
  if (shapes.includes(undefined)) return undefined;
  const shared = names(Math.max(...parts.map((part, i) => (part.includes('...') ? (extra[i] ?? 0) : 0))));
  const result = right?.replace('...', shared) ?? shared + once(left);
  return [...result].map((letter) => sizes.get(letter));
};

/** Without a result in the equation, it has every letter that occurs once, in the alphabet's order. */
const once = (terms: string): string =>
  [...terms.replaceAll(/[.,]/g, '')]
    .filter((letter, _, all) => all.indexOf(letter) === all.lastIndexOf(letter))
    .sort()
    .join('');

export const linear: ShapeRules = { Gemm: gemm, MatMul: matmul, Einsum: einsum };
