import fc from 'fast-check';
import { broadcastShapes, type CaseArbitrary, caseOf, opset, size } from '../arbitrary.js';
import { type Cases, of } from '../case.js';

const matmul: CaseArbitrary = fc.tuple(broadcastShapes(2), size, size, size).map(([[a = [], b = []], m, k, n]) =>
  caseOf('MatMul', [
    [...a.slice(-2), m, k],
    [...b.slice(-2), k, n],
  ]),
);

const flag = fc.constantFrom(0, 1);
const factor = fc.constantFrom(1, 0.5, -2);

const gemm: CaseArbitrary = fc
  .record({ m: size, k: size, n: size, transA: flag, transB: flag, alpha: factor, beta: factor, c: fc.nat(4), opset })
  .map(({ m, k, n, transA, transB, alpha, beta, c, opset }) => {
    const third = [[[m, n]], [[n]], [[1, n]], [[m, 1]], []][c] as number[][];
    const shapes = [transA ? [k, m] : [m, k], transB ? [n, k] : [k, n], ...third];
    return caseOf('Gemm', shapes, { transA, transB, alpha, beta }, { opset });
  });

/** Each letter stands in both operands, or in one of them and the result; in any order. */
const einsum: CaseArbitrary = fc
  .record({
    batch: fc.constantFrom('', 'b', 'bh'),
    left: fc.constantFrom('', 'i'),
    right: fc.constantFrom('', 'j'),
    shared: fc.constantFrom('k', '', 'kl'),
    sizes: fc.array(size, { minLength: 6, maxLength: 6 }),
  })
  .filter(({ batch, left, right, shared }) => `${batch}${left}${shared}` !== '' && `${batch}${right}${shared}` !== '')
  .chain(({ batch, left, right, shared, sizes }) =>
    fc.tuple(
      fc.constant(sizes),
      mixed(batch + left + shared),
      mixed(batch + right + shared),
      mixed(batch + left + right),
    ),
  )
  .map(([sizes, a, b, result]) => {
    const dims = (letters: string) => [...letters].map((letter) => sizes['bhijkl'.indexOf(letter)] as number);
    return caseOf('Einsum', [dims(a), dims(b)], { equation: `${a},${b}->${result}` });
  });

const mixed = (letters: string): fc.Arbitrary<string> =>
  fc.shuffledSubarray([...letters], { minLength: letters.length }).map((all) => all.join(''));

export const linear: Cases = {
  fixed: [
    of('MatMul', '2x3 3x4'),
    of('MatMul', '2x3x4 2x4x5'),
    of('MatMul', '2x3x4 4x5'),
    of('MatMul', '3x4 2x4x5'),
    of('MatMul', '1x3x4 2x4x5'),
    of('MatMul', '2x1x3x4 1x5x4x3'),
    of('Gemm', '2x3 3x4 4'),
    of('Gemm', '2x3 4x3 2x4', { transB: 1 }),
    of('Gemm', '3x2 3x4 2x1', { transA: 1 }),
    of('Gemm', '3x5 4x3 1', { transA: 1, transB: 1, alpha: 0.5, beta: -2 }),
    of('Gemm', '2x3 3x4', { alpha: 1.5 }),
    of('Gemm', '2x3 4x3 4', { transB: 1, alpha: 0.7 }, { frozen: [1, 2] }),
    of('MatMul', '3 3x4'),
    of('MatMul', '2x3 3'),
    of('MatMul', '3 3'),
    of('MatMul', '2x4x3 3'),
    of('MatMul', '3 2x3x4'),
    of('Einsum', '2x3 3x4', { equation: 'ij,jk->ik' }),
    of('Einsum', '2x3x4 2x5x4', { equation: 'bhd,bkd->bhk' }),
    of('Einsum', '2x3 3x4', { equation: 'ij, jk' }),
    of('Einsum', '2x3x4 5x3', { equation: 'bct,dc->bdt' }),
    of('Einsum', '3 4', { equation: 'i,j->ji' }),
    of('Einsum', '2x3x4', { equation: 'abc->cab' }),
    of('Einsum', '2x3x4x5 2x3x5x6', { equation: '...ij,...jk->...ik' }),
    of('Einsum', '2x3 3x4 4x2', { equation: 'ij,jk,kl->il' }),
  ],
  random: {
    MatMul: matmul,
    Gemm: gemm,
    Einsum: einsum,
  },
};
