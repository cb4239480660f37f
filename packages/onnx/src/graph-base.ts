import type { AttributeProto, TensorProto } from './gen/onnx/onnx_pb.js';
import { inferShapes } from './shapes/infer-shapes.js';
import { floatTensor, intTensor } from './tensor.js';

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
  readonly type: 'float32' | 'int64' | 'int32';
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
   * What has its value, written in other operators: the operation itself is there for its gradient, and is not in the file. So an activation
   * that exporters write in several nodes has one rule.
   */
  readonly value?: Value;
  /** Attributes as the model had them, of operators that are only passed on. */
  readonly raw?: AttributeProto[];
  /** Operator set; the default one where empty. */
  readonly domain?: string;
}

/**
 * Operations, inputs and constants in the order in which they were added, and the names they go by. What reads like a formula is in
 * graph.ts.
 */
export class GraphBase {
  readonly operations: Operation[] = [];
  readonly inputs = new Map<string, GraphInput>();
  readonly constants = new Map<string, TensorProto>();
  readonly #producers = new Map<string, Operation>();
  readonly #known = new Map<string, Value>();
  readonly #lists = new Map<string, readonly Value[]>();
  readonly #stopped = new Set<string>();
  readonly #names = new Set<string>();

  /** @param opset version of the default operator set that the graph is written in, 13 or newer */
  constructor(readonly opset: number) {}

  /** An input of the graph: float32, or token ids. */
  input(name: string, shape: Shape, type: 'float32' | 'int64' | 'int32' = 'float32'): Value {
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
      const [shape] = inferShapes(type, inputs, attributes, this);
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
    const known = inferShapes(type, inputs, attributes, this, count);
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
}

/** The lists that rules work out are of integers; where a model's sizes contradict each other, they can come to anything. */
function checkLists(type: string, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value !== 'object' || value.every(Number.isSafeInteger)) continue;
    throw new RangeError(`${name} of a ${type} would be [${value}]`);
  }
}

/** The same for two operations that compute the same. */
const keyOf = (type: string, inputs: readonly (Value | undefined)[], attributes: Attributes): string =>
  `${type}(${inputs.map((input) => input?.name ?? '')})${JSON.stringify(attributes)}`;

/** Whether an operation is what its type, inputs and attributes say, so that another like it has the same value. */
const isPlain = ({ type, outputs, domain, value, raw, attributes }: Operation): boolean =>
  type !== 'Identity' &&
  outputs.length === 1 &&
  !domain &&
  value === undefined &&
  (raw === undefined || raw.length === Object.keys(attributes).length);
