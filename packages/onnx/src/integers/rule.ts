import type { Attributes, GraphBase, Operation } from '../graph-base.js';
import type { SmallTensor } from '../small-tensor.js';

/** Tensors of more elements than this are weights or tables, not shapes. */
export const SMALL = 256;

/** What a rule sees. */
export interface Context {
  readonly graph: GraphBase;
  readonly operation: Operation;
  readonly attributes: Attributes;
  /** An input that must be known. */
  readonly at: (i: number) => SmallTensor;
  /** The values of an input that may be absent; they must be known where it is not. */
  readonly list: (i: number) => readonly number[] | undefined;
}

/** Thrown by a rule where what it needs is not known. */
export class Unknown extends Error {}

/** The value of an operation's output. */
export type IntegerRule = (context: Context) => SmallTensor;

export const number = ({ attributes }: Pick<Context, 'attributes'>, name: string, fallback: number): number =>
  (attributes[name] ?? fallback) as number;

/** An axis counted from the front. */
export const positive = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
