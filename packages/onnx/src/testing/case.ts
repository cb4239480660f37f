import type fc from 'fast-check';
import type { Attributes } from '../graph/types.js';

/** A constant input: int64 (a number is a scalar), float32, or true and false. */
export type Constant =
  | { readonly ints: readonly number[] | number; readonly dims?: readonly number[] }
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly bools: readonly boolean[]; readonly dims: readonly number[] };

/** A case for the gradient rules: an operator on random inputs. */
export interface Case {
  readonly operator: string;
  readonly shapes: readonly (readonly number[])[];
  readonly attributes: Attributes;
  /** Constant inputs before those with a shape. */
  readonly first: readonly Constant[];
  /** Constant inputs behind those with a shape; undefined for one that is absent. */
  readonly last: readonly (Constant | undefined)[];
  /** Inputs with a shape that are constants of the graph. */
  readonly frozen: readonly number[];
  /**
   * Where the inputs lie: positive for logarithms, not near 0 for what has a kink or a pole there, near 0 for what is
   * defined between -1 and 1, above 1, far apart for what takes the largest.
   */
  readonly domain: 'all' | 'positive' | 'not near 0' | 'near 0' | 'above 1' | 'apart' | 'far apart';
  /** Values from which every input keeps away. */
  readonly kinks: readonly number[];
  readonly opset: number;
  /** How many outputs the operator has, and which of them the loss reads. */
  readonly outputs: number;
  readonly reads: readonly number[];
}

interface More extends Partial<Case> {
  /** The last input: axes, or a shape. */
  readonly ints?: readonly number[];
}

/** @param shapes of the inputs, as lists or in short: `2x3 .` is a matrix and a scalar */
export function of(
  operator: string,
  shapes: string | readonly (readonly number[])[],
  attributes: Attributes = {},
  { ints, ...more }: More = {},
): Case {
  const { outputs = 1 } = more;
  return {
    operator,
    shapes: typeof shapes === 'string' ? shapes.split(' ').map(dimsOf) : shapes,
    attributes,
    first: [],
    last: ints === undefined ? [] : [{ ints }],
    frozen: [],
    domain: 'all',
    kinks: [],
    opset: 17,
    outputs,
    reads: Array.from({ length: outputs }, (_, i) => i),
    ...more,
  };
}

const dimsOf = (text: string): number[] => (text === '.' ? [] : text.split('x').map(Number));

/** The cases of a family of operators: those that its authors thought of, and random ones. */
export interface Cases {
  readonly fixed: readonly Case[];
  /** By operator. */
  readonly random: Readonly<Record<string, fc.Arbitrary<Case>>>;
  /** Operators with a gradient and without cases of one kind or all, and why. */
  readonly without?: Readonly<Record<string, { readonly random: string } | { readonly all: string }>>;
  /** Which of the fixed cases need no sizes to be known, only the number of axes. */
  readonly openSizes?: (entry: Case) => boolean;
  /** Whether a gradient needs the shape of the operator's output. */
  readonly needsOutputShape?: true;
}
