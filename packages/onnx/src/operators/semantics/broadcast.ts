import type { Dim, Shape } from '../../graph/types.js';

/** The size of axis i of a shape that is aligned to the right in `rank` axes. */
export function axisOf(shape: Shape, rank: number, i: number): Dim {
  const own = i - (rank - shape.length);
  return own < 0 ? 1 : shape[own];
}

/** The shape of two that are repeated along each other's axes. */
export function together(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [axisOf(a, rank, i), axisOf(b, rank, i)];
    return x === 1 ? y : y === 1 ? x : (x ?? y);
  });
}
