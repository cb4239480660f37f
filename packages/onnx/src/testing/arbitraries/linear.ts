import fc from 'fast-check';
import { broadcastShapes, type CaseArbitrary, caseOf, opset, size } from './arbitrary.js';

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

export const linear: Readonly<Record<string, CaseArbitrary>> = { MatMul: matmul, Gemm: gemm, Einsum: einsum };
