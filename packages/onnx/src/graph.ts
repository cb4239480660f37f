import { GraphBase, type Value } from './graph-base.js';

export type { Attribute, Attributes, Dim, Operation, Shape, Value } from './graph-base.js';

/**
 * A graph under construction, in ONNX operators, written like formulas: `graph.mul(a, graph.exp(b))`.
 *
 * Every method adds an operation behind the last and returns its value. An operation that is there already is not added
 * again, so formulas may repeat what they share.
 */
export class Graph extends GraphBase {
  plus(a: Value, b: Value): Value {
    return this.op('Add', [a, b]);
  }

  /** The sum of one or more values. */
  sum(first: Value, ...rest: readonly Value[]): Value {
    return rest.reduce((total, value) => this.plus(total, value), first);
  }

  sub(a: Value, b: Value): Value {
    return this.op('Sub', [a, b]);
  }

  mul(a: Value, b: Value): Value {
    return this.op('Mul', [a, b]);
  }

  div(a: Value, b: Value): Value {
    return this.op('Div', [a, b]);
  }

  /** value * factor */
  scale(value: Value, factor: number): Value {
    return factor === 1 ? value : this.mul(value, this.constant(factor));
  }

  neg(value: Value): Value {
    return this.op('Neg', [value]);
  }

  exp(value: Value): Value {
    return this.op('Exp', [value]);
  }

  sqrt(value: Value): Value {
    return this.op('Sqrt', [value]);
  }

  matmul(a: Value, b: Value): Value {
    return this.op('MatMul', [a, b]);
  }

  softmax(value: Value, axis = -1): Value {
    return this.op('Softmax', [value], { axis });
  }

  logSoftmax(value: Value, axis = -1): Value {
    return this.op('LogSoftmax', [value], { axis });
  }

  reduceSum(value: Value, axes: readonly number[], keepdims = false): Value {
    return this.op('ReduceSum', [value, this.ints(axes)], { keepdims: keepdims ? 1 : 0 });
  }

  /** A reduction to fewer axes, by the operator's name. */
  reduce(type: 'ReduceSum' | 'ReduceSumSquare', value: Value, axes: readonly number[]): Value {
    return type === 'ReduceSum' ? this.reduceSum(value, axes) : this.#reduce(type, value, axes, false);
  }

  reduceMax(value: Value, axes: readonly number[], keepdims = false): Value {
    return this.#reduce('ReduceMax', value, axes, keepdims);
  }

  /** Over all axes where none are named. */
  reduceMean(
    value: Value,
    axes: readonly number[] = (value.shape ?? []).map((_, axis) => axis),
    keepdims = false,
  ): Value {
    return this.#reduce('ReduceMean', value, axes, keepdims);
  }

  /** 1 where a >= b, else 0. No gradient flows through it. */
  atLeast(a: Value, b: Value): Value {
    return this.#float(this.op('GreaterOrEqual', [a, b]));
  }

  /** 1 where a > b, else 0. No gradient flows through it. */
  above(a: Value, b: Value): Value {
    return this.#float(this.op('Greater', [a, b]));
  }

  /** A shape may hold one -1, whose size follows from the rest. */
  reshape(value: Value, shape: readonly number[]): Value {
    return this.op('Reshape', [value, this.ints(shape)]);
  }

  /** Reshapes a value to the shape that another has when the graph runs. */
  reshapeLike(value: Value, like: Value): Value {
    const reshaped = this.op('Reshape', [value, this.op('Shape', [like])]);
    return reshaped;
  }

  transpose(value: Value, perm: readonly number[]): Value {
    return this.op('Transpose', [value], { perm });
  }

  /** Number of elements as float32. */
  size(value: Value): Value {
    return this.#float(this.op('Size', [value]));
  }

  #float(value: Value): Value {
    return this.op('Cast', [value], { to: 1 });
  }

  /** These operators took their axes as an attribute until opset 17, and as an input from 18 on. */
  #reduce(type: string, value: Value, axes: readonly number[], keepdims: boolean): Value {
    const keep = { keepdims: keepdims ? 1 : 0 };
    return this.opset >= 18 ? this.op(type, [value, this.ints(axes)], keep) : this.op(type, [value], { axes, ...keep });
  }
}
