import type { Attributes, Dim, Shape } from '../../graph/types.js';
import { list, number, text } from './attributes.js';
import { allAxes, allFromFront } from './axis.js';

/** Sizes and factors of a Resize for every axis; undefined where they are not known. */
export interface Resized {
  readonly shape: readonly Dim[];
  /** What coordinates are divided by. */
  readonly scales: readonly Dim[];
}

/**
 * What a Resize makes of a shape: by factors, or to sizes, which `keep_aspect_ratio_policy` makes bounds.
 *
 * @param scales factors, one for each axis that is resized; undefined or empty where sizes are given
 */
export function resizedTo(
  attributes: Attributes,
  shape: Shape,
  scales: readonly Dim[] | undefined,
  sizes: readonly Dim[] | undefined,
): Resized {
  const axes = allFromFront(list({ attributes }, 'axes') ?? allAxes(shape.length), shape.length);
  const at = (values: readonly Dim[], axis: number): Dim => values[axes.indexOf(axis)];
  if (scales !== undefined && scales.length > 0) {
    const factors = shape.map((_, axis) => (axes.includes(axis) ? at(scales, axis) : 1));
    return { scales: factors, shape: shape.map((size, axis) => scaled(size, factors[axis], Math.floor)) };
  }
  if (sizes === undefined) return { scales: shape.map(() => undefined), shape: shape.map(() => undefined) };
  const policy = text({ attributes }, 'keep_aspect_ratio_policy', 'stretch');
  const ratio = (axis: number): number => (at(sizes, axis) ?? Number.NaN) / (shape[axis] ?? Number.NaN);
  if (policy === 'stretch') {
    return {
      shape: shape.map((size, axis) => (axes.includes(axis) ? at(sizes, axis) : size)),
      scales: shape.map((_, axis) => (axes.includes(axis) ? known(ratio(axis)) : 1)),
    };
  }
  const ratios = axes.map(ratio);
  const factor = known(policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios));
  return {
    shape: shape.map((size, axis) => (axes.includes(axis) ? scaled(size, factor, (x) => Math.floor(x + 0.5)) : size)),
    scales: shape.map((_, axis) => (axes.includes(axis) ? factor : 1)),
  };
}

const known = (value: number): Dim => (Number.isNaN(value) ? undefined : value);

const scaled = (size: Dim, factor: Dim, round: (x: number) => number): Dim =>
  factor === 1 ? size : size === undefined || factor === undefined ? undefined : round(size * factor);

/**
 * The weights by which one axis is resized, [output, input] row by row; undefined for a mode that is not covered.
 *
 * @param scale of the axis
 */
export function axisWeights(
  attributes: Attributes,
  input: number,
  output: number,
  scale: number,
): Float32Array | undefined {
  const mode = text({ attributes }, 'mode', 'nearest');
  const coordinate = coordinates(
    text({ attributes }, 'coordinate_transformation_mode', 'half_pixel'),
    input,
    output,
    scale,
  );
  if (coordinate === undefined || number({ attributes }, 'antialias', 0) !== 0) return undefined;
  const weights = new Float32Array(output * input);
  const add = (row: number, at: number, weight: number): void => {
    const column = Math.min(Math.max(at, 0), input - 1);
    weights[row * input + column] = (weights[row * input + column] as number) + weight;
  };
  for (let row = 0; row < output; row++) {
    const x = coordinate(row);
    if (mode === 'linear') {
      const from = Math.min(Math.max(x, 0), input - 1);
      const low = Math.floor(from);
      add(row, low, 1 - (from - low));
      add(row, low + 1, from - low);
    } else if (mode === 'cubic' && number({ attributes }, 'exclude_outside', 0) === 0) {
      const low = Math.floor(x);
      const a = number({ attributes }, 'cubic_coeff_a', -0.75);
      for (let k = -1; k <= 2; k++) add(row, low + k, cubic(Math.abs(x - low - k), a));
    } else if (mode === 'nearest') {
      add(row, NEAREST[text({ attributes }, 'nearest_mode', 'round_prefer_floor')]?.(x) ?? Number.NaN, 1);
    } else return undefined;
  }
  return weights;
}

/** Keys 1981. */
const cubic = (d: number, a: number): number =>
  d <= 1 ? (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1 : d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;

const NEAREST: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** From the place of an output to that in the input. */
function coordinates(
  mode: string,
  input: number,
  output: number,
  scale: number,
): ((row: number) => number) | undefined {
  switch (mode) {
    case 'half_pixel':
      return (row) => (row + 0.5) / scale - 0.5;
    case 'pytorch_half_pixel':
      return (row) => (output > 1 ? (row + 0.5) / scale - 0.5 : 0);
    case 'asymmetric':
      return (row) => row / scale;
    case 'align_corners':
      return (row) => (output > 1 ? (row * (input - 1)) / (output - 1) : 0);
    default:
      return undefined;
  }
}
