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
  const [terms = '', result] = String(attributes.equation ?? '')
    .replaceAll(' ', '')
    .split('->');
  if (result === undefined || terms.includes('.') || result.includes('.')) return undefined;
  const sizes = new Map(
    terms.split(',').flatMap((term, i) => [...term].map((letter, axis) => [letter, shapes[i]?.[axis]])),
  );
  return [...result].map((letter) => sizes.get(letter));
};

export const linear: ShapeRules = { Gemm: gemm, MatMul: matmul, Einsum: einsum };
