import fc from 'fast-check';
import type { Case } from '../cases.js';
import { axesOf, axisOf, type CaseArbitrary, caseOf, opset, shape } from './arbitrary.js';

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

export const reduce: Readonly<Record<string, CaseArbitrary>> = {
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
};
