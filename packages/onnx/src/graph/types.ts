import type { AttributeProto, TensorProto } from '../gen/onnx/onnx_pb.js';
import type { SmallTensor } from './small-tensor.js';

/** Size of an axis, or undefined where it varies from run to run (the batch). */
export type Dim = number | undefined;
export type Shape = readonly Dim[];

/** A tensor of the graph. `shape` is undefined behind an operator that the shape rules do not know. */
export interface Value {
  readonly name: string;
  readonly shape: Shape | undefined;
}

/** What the graph is fed. */
export interface GraphInput extends Value {
  readonly type: 'float32' | 'int64' | 'int32' | 'uint8';
}

export type Attribute = number | string | readonly number[];
export type Attributes = Readonly<Record<string, Attribute>>;

/** A node. An optional input that is absent is undefined. */
export interface Operation {
  readonly type: string;
  readonly name: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
  /**
   * What has its value, written in other operators: the operation itself is there for its gradient, and is not in the
   * file. So an activation that exporters write in several nodes has one rule.
   */
  readonly value?: Value;
  /** Attributes as the model had them, of operators that are only passed on. */
  readonly raw?: AttributeProto[];
  /** Operator set; the default one where empty. */
  readonly domain?: string;
  /** What its bodies read from outside of them: the branches of an If, what a Loop repeats. */
  readonly captured?: readonly Value[];
}

/** What rules look up in a graph. */
export interface Facts {
  readonly constants: ReadonlyMap<string, TensorProto>;
  /** The operation that computes a value; undefined for inputs and constants. */
  producer(value: Value): Operation | undefined;
  /** A tensor of a few numbers, as far as they are known while the graph is built; undefined where nothing is. */
  small(value: Value | undefined): SmallTensor | undefined;
  /** The numbers of such a tensor in a row. */
  integers(value: Value | undefined): readonly Dim[] | undefined;
}

/** What a shape rule sees. */
export interface ShapeContext {
  readonly inputs: readonly (Value | undefined)[];
  readonly shapes: readonly (Shape | undefined)[];
  readonly attributes: Attributes;
  readonly graph: Facts;
  /** How many outputs are asked for. */
  readonly outputs: number;
}

/** Shape of the first output, or undefined where it cannot be known. */
export type ShapeRule = (context: ShapeContext) => Shape | undefined;

/** Shapes of all outputs. */
export type ShapesRule = (context: ShapeContext) => readonly (Shape | undefined)[];

/** What a rule for small values sees. */
export interface FoldContext {
  readonly operation: Operation;
  readonly attributes: Attributes;
  /** An input that must be known. */
  readonly at: (i: number) => SmallTensor;
  /** The values of an input that may be absent; they must be known where it is not. */
  readonly list: (i: number) => readonly number[] | undefined;
}

/** The value of an operation's output, where it is small; shapes are computed with such values. @throws Unknown */
export type FoldRule = (context: FoldContext) => SmallTensor;

/** What a graph wants to know of an operator. */
export interface OperatorFacts {
  readonly shape?: ShapeRule;
  readonly shapes?: ShapesRule;
  readonly fold?: FoldRule;
  /** Attributes that are floats: an integer there would be refused. */
  readonly floats?: readonly string[];
}

/** Looks up an operator; undefined where it is not known. */
export type Operators = (of: Pick<Operation, 'type' | 'domain'>) => OperatorFacts | undefined;
