import type { TensorProto } from '../gen/onnx/onnx_pb.js';
import { floatTensor, intTensor } from '../model/tensor.js';
import { checkLists, isPlain, keyOf } from './alike.js';
import type { SmallTensor } from './small-tensor.js';
import { SmallValues } from './small-values.js';
import type { Attributes, Dim, Facts, GraphInput, Operation, Operators, Shape, Value } from './types.js';

/**
 * A graph under construction, in ONNX operators, written like formulas: `graph.mul(a, graph.exp(b))`.
 *
 * Every method adds an operation behind the last and returns its value. An operation that is there already is not added
 * again, so formulas may repeat what they share. What is known of operators is handed in: see operators/new-graph.ts.
 */
export class Graph implements Facts {
  readonly operations: Operation[] = [];
  readonly inputs = new Map<string, GraphInput>();
  readonly constants = new Map<string, TensorProto>();
  readonly #producers = new Map<string, Operation>();
  readonly #known = new Map<string, Value>();
  readonly #lists = new Map<string, readonly Value[]>();
  readonly #stopped = new Set<string>();
  readonly #names = new Set<string>();
  readonly #small: SmallValues;

  /**
   * @param opset version of the default operator set that the graph is written in, 13 or newer
   * @param operators what is known of operators
   */
  constructor(
    readonly opset: number,
    readonly operators: Operators,
  ) {
    this.#small = new SmallValues(this, operators);
  }

  /** An input of the graph: float32, or token ids. */
  input(name: string, shape: Shape, type: GraphInput['type'] = 'float32'): Value {
    const value = { name, shape };
    this.inputs.set(name, { ...value, type });
    this.#names.add(name);
    return value;
  }

  /** A constant that the model brought along. */
  adopt(tensor: TensorProto): Value {
    this.constants.set(tensor.name, tensor);
    this.#names.add(tensor.name);
    return { name: tensor.name, shape: tensor.dims.map(Number) };
  }

  /** A float32 constant: a scalar, or a tensor with its shape. */
  constant(values: number | Float32Array, dims: readonly number[] = []): Value {
    const data = typeof values === 'number' ? Float32Array.of(values) : values;
    const key = data.length === 1 ? `constant ${data[0]} [${dims}]` : undefined;
    return this.#remember(key, () => this.adopt(floatTensor(this.#unique('constant'), dims, data)));
  }

  /** An int64 constant: axes, a shape. */
  ints(values: readonly number[] | number): Value {
    const key = `ints ${JSON.stringify(values)}`;
    return this.#remember(key, () => this.adopt(intTensor(this.#unique('ints'), values)));
  }

  /** Adds an operation with one output. */
  op(type: string, inputs: readonly (Value | undefined)[], attributes: Attributes = {}): Value {
    const key = keyOf(type, inputs, attributes);
    return this.#remember(key, () => {
      const name = this.#unique(type);
      const [shape] = this.infer({ type }, inputs, attributes);
      const value = { name: `${name}:0`, shape };
      this.add({ type, name, inputs, outputs: [value], attributes });
      return value;
    });
  }

  /** Adds an operation with several outputs, whose shapes may be given. */
  several(
    type: string,
    inputs: readonly (Value | undefined)[],
    attributes: Attributes,
    count: number,
    shapes: readonly (Shape | undefined)[] = [],
  ): readonly Value[] {
    const key = `${count} ${keyOf(type, inputs, attributes)}`;
    const there = this.#lists.get(key);
    if (there !== undefined) return there;
    const name = this.#unique(type);
    const known = this.infer({ type }, inputs, attributes, count);
    const outputs = Array.from({ length: count }, (_, i) => ({ name: `${name}:${i}`, shape: shapes[i] ?? known[i] }));
    this.add({ type, name, inputs, outputs, attributes });
    this.#lists.set(key, outputs);
    return outputs;
  }

  /** Adds an operation as it is. */
  add(operation: Operation): void {
    if (operation.raw === undefined) checkLists(operation.type, operation.attributes);
    this.operations.push(operation);
    this.#names.add(operation.name);
    const [only] = operation.outputs;
    if (only !== undefined && isPlain(operation)) {
      const key = keyOf(operation.type, operation.inputs, operation.attributes);
      if (!this.#known.has(key)) this.#known.set(key, only);
    }
    for (const output of operation.outputs) {
      this.#names.add(output.name);
      this.#producers.set(output.name, operation);
    }
  }

  /** A value that is written in other operators, as one operation for its gradient. */
  standFor(type: string, inputs: readonly Value[], attributes: Attributes, value: Value): Value {
    const name = this.#unique(type);
    const output = { name: `${name}:0`, shape: value.shape };
    this.add({ type, name, inputs, outputs: [output], attributes, value });
    return output;
  }

  /** The operation that computes a value; undefined for inputs and constants. */
  producer(value: Value): Operation | undefined {
    return this.#producers.get(value.name);
  }

  small(value: Value | undefined): SmallTensor | undefined {
    return value === undefined ? undefined : this.#small.of(value);
  }

  integers(value: Value | undefined): readonly Dim[] | undefined {
    return this.small(value)?.values;
  }

  /** Shapes of an operation's outputs, where they are known: what the gradient rules need, not a checker. */
  infer(
    of: Pick<Operation, 'type' | 'domain'>,
    inputs: readonly (Value | undefined)[],
    attributes: Attributes,
    outputs = 1,
  ): readonly (Shape | undefined)[] {
    const { shape, shapes } = this.operators(of) ?? {};
    const context = { inputs, shapes: inputs.map((input) => input?.shape), attributes, graph: this, outputs };
    return shapes?.(context) ?? [shape?.(context)];
  }

  /** The same value, through which no gradient flows. */
  stopGradient(value: Value): Value {
    // Not by op(): another Identity of the same value lets the gradient pass.
    return this.#remember(`stopped ${value.name}`, () => {
      const name = this.#unique('StopGradient');
      const stopped = { name: `${name}:0`, shape: value.shape };
      this.add({ type: 'Identity', name, inputs: [value], outputs: [stopped], attributes: {} });
      this.#stopped.add(stopped.name);
      return stopped;
    });
  }

  isStopped(value: Value): boolean {
    return this.#stopped.has(value.name);
  }

  #remember(key: string | undefined, make: () => Value): Value {
    const known = key === undefined ? undefined : this.#known.get(key);
    if (known !== undefined) return known;
    const value = make();
    if (key !== undefined) this.#known.set(key, value);
    return value;
  }

  /** A name that nothing in the graph has yet: the one that is wished for, or one like it. */
  freeName(wish: string): string {
    let name = wish;
    for (let i = 1; this.#names.has(name); i++) name = `${wish}_${i}`;
    this.#names.add(name);
    return name;
  }

  #unique(stem: string): string {
    for (let i = this.#names.size; ; i++) {
      const name = `renorm/${stem}_${i}`;
      if (this.#names.has(name)) continue;
      this.#names.add(name);
      return name;
    }
  }

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
