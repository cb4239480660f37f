import fc from 'fast-check';
import { axesOf, axisOf, type CaseArbitrary, caseOf, opset, shape } from '../arbitrary.js';
import { type Case, type Cases, of } from '../case.js';

/**
 * A reduction over some axes, or over all where none are named.
 *
 * @param since the operator set from which the axes are an input
 */
export const reduction = (operator: string, since: number, domain: Case['domain'] = 'all'): CaseArbitrary =>
  shape(1)
    .chain((dims) => fc.record({ dims: fc.constant(dims), axes: axesOf(dims.length), keepdims: fc.nat(1), opset }))
    .map(({ dims, axes, keepdims, opset }) => {
      if (axes.length === 0) return caseOf(operator, [dims], { keepdims }, { domain, opset });
      return opset >= since
        ? caseOf(operator, [dims], { keepdims }, { domain, opset, ints: axes })
        : caseOf(operator, [dims], { keepdims, axes }, { domain, opset });
    });

/** An operator along one axis, the last where none is named. */
export const alongAxis = (operator: string): CaseArbitrary =>
  shape(1)
    .chain((dims) => fc.tuple(fc.constant(dims), fc.option(axisOf(dims.length), { nil: undefined }), opset))
    .map(([dims, axis, opset]) => caseOf(operator, [dims], axis === undefined ? {} : { axis }, { opset }));

export const reduce: Cases = {
  fixed: [
    of('ReduceSum', '2x3x4', { keepdims: 1 }, { ints: [1] }),
    of('ReduceSum', '2x3x4', { keepdims: 0 }, { ints: [-1, 0] }),
    of('ReduceSum', '2x3x4', { keepdims: 0 }),
    of('ReduceMean', '2x3x4', { keepdims: 1, axes: [-1] }),
    of('ReduceMean', '2x3x4', { keepdims: 0, axes: [0, 2] }, { opset: 13 }),
    of('ReduceMean', '2x3x4', { keepdims: 0 }, { opset: 18, ints: [2, 1] }),
    of('ReduceMean', '2x3'),
    of('ReduceMax', '2x3x4', { axes: [-1], keepdims: 0 }, { domain: 'apart' }),
    of('ReduceMax', '2x3x4', { keepdims: 0 }, { domain: 'apart', ints: [0, 2], opset: 18 }),
    of('ReduceMax', '2x3', {}, { domain: 'apart', ints: [1], opset: 18 }),
    of('ReduceMax', '2x3', { keepdims: 0 }, { domain: 'apart' }),
    of('ReduceMin', '2x3x4', { axes: [-1], keepdims: 0 }, { domain: 'apart' }),
    of('ReduceMin', '2x3x4', { keepdims: 0 }, { domain: 'apart', ints: [0, 2], opset: 18 }),
    of('ReduceMin', '2x3', {}, { domain: 'apart', ints: [1], opset: 18 }),
    of('ReduceMin', '2x3', { keepdims: 0 }, { domain: 'apart' }),
    of('ReduceProd', '2x3x4', { axes: [-1], keepdims: 0 }, { domain: 'not near 0' }),
    of('ReduceProd', '2x3x4', { keepdims: 0 }, { domain: 'not near 0', ints: [0, 2], opset: 18 }),
    of('ReduceProd', '2x3', {}, { domain: 'not near 0', ints: [1], opset: 18 }),
    of('ReduceProd', '2x3', { keepdims: 0 }, { domain: 'not near 0' }),
    of('ReduceL1', '2x3x4', { axes: [-1], keepdims: 0 }, { domain: 'not near 0' }),
    of('ReduceL1', '2x3x4', { keepdims: 0 }, { domain: 'not near 0', ints: [0, 2], opset: 18 }),
    of('ReduceL1', '2x3', {}, { domain: 'not near 0', ints: [1], opset: 18 }),
    of('ReduceL1', '2x3', { keepdims: 0 }, { domain: 'not near 0' }),
    of('ReduceL2', '2x3x4', { axes: [-1], keepdims: 0 }, {}),
    of('ReduceL2', '2x3x4', { keepdims: 0 }, { ints: [0, 2], opset: 18 }),
    of('ReduceL2', '2x3', {}, { ints: [1], opset: 18 }),
    of('ReduceL2', '2x3', { keepdims: 0 }, {}),
    of('ReduceSumSquare', '2x3x4', { axes: [-1], keepdims: 0 }, {}),
    of('ReduceSumSquare', '2x3x4', { keepdims: 0 }, { ints: [0, 2], opset: 18 }),
    of('ReduceSumSquare', '2x3', {}, { ints: [1], opset: 18 }),
    of('ReduceSumSquare', '2x3', { keepdims: 0 }, {}),
    of('ReduceLogSum', '2x3x4', { axes: [-1], keepdims: 0 }, { domain: 'positive' }),
    of('ReduceLogSum', '2x3x4', { keepdims: 0 }, { domain: 'positive', ints: [0, 2], opset: 18 }),
    of('ReduceLogSum', '2x3', {}, { domain: 'positive', ints: [1], opset: 18 }),
    of('ReduceLogSum', '2x3', { keepdims: 0 }, { domain: 'positive' }),
    of('ReduceLogSumExp', '2x3x4', { axes: [-1], keepdims: 0 }, {}),
    of('ReduceLogSumExp', '2x3x4', { keepdims: 0 }, { ints: [0, 2], opset: 18 }),
    of('ReduceLogSumExp', '2x3', {}, { ints: [1], opset: 18 }),
    of('ReduceLogSumExp', '2x3', { keepdims: 0 }, {}),
    of('GlobalAveragePool', '2x3x4x5'),
    of('GlobalAveragePool', '2x3x7'),
    of('Softmax', '2x5'),
    of('Softmax', '2x3x4', { axis: 1 }),
    of('LogSoftmax', '2x5'),
    of('LogSoftmax', '2x3x4', { axis: 1 }),
  ],
  random: {
    ReduceSum: reduction('ReduceSum', 13),
    ReduceMean: reduction('ReduceMean', 18),
    ReduceMax: reduction('ReduceMax', 18, 'far apart'),
    ReduceMin: reduction('ReduceMin', 18, 'far apart'),
    ReduceL1: reduction('ReduceL1', 18, 'not near 0'),
    ReduceL2: reduction('ReduceL2', 18, 'not near 0'),
    ReduceSumSquare: reduction('ReduceSumSquare', 18),
    ReduceLogSum: reduction('ReduceLogSum', 18, 'positive'),
    ReduceLogSumExp: reduction('ReduceLogSumExp', 18),
    GlobalAveragePool: shape(3, 5).map((dims) => caseOf('GlobalAveragePool', [dims])),
    Softmax: alongAxis('Softmax'),
    LogSoftmax: alongAxis('LogSoftmax'),
  },
  openSizes: () => true,
  without: {
    ReduceProd: { random: 'central differences of a product of many numbers are not within the tolerance' },
  },
};
