import { fromConstant, SMALL } from './small-constant.js';
import type { SmallTensor } from './small-tensor.js';
import type { Facts, Operation, Operators, Value } from './types.js';

/** Thrown by a rule where what it needs is not known. */
export class Unknown extends Error {}

/** Tensors of a few numbers, which shapes are computed with: constants, and what operators make of them. */
export class SmallValues {
  readonly #facts: Pick<Facts, 'constants' | 'producer'>;
  readonly #operators: Operators;
  readonly #known = new Map<string, SmallTensor | undefined>();

  constructor(facts: Pick<Facts, 'constants' | 'producer'>, operators: Operators) {
    this.#facts = facts;
    this.#operators = operators;
  }

  of(value: Value): SmallTensor | undefined {
    if (this.#known.has(value.name)) return this.#known.get(value.name);
    const constant = this.#facts.constants.get(value.name);
    const operation = this.#facts.producer(value);
    const found =
      constant !== undefined ? fromConstant(constant) : operation === undefined ? undefined : this.#computed(operation);
    this.#known.set(value.name, found);
    return found;
  }

  #computed(operation: Operation): SmallTensor | undefined {
    const rule = this.#operators(operation)?.fold;
    if (rule === undefined) return undefined;
    const at = (i: number): SmallTensor => {
      const input = operation.inputs[i];
      const found = input === undefined ? undefined : this.of(input);
      if (found === undefined) throw new Unknown();
      return found;
    };
    const list = (i: number): readonly number[] | undefined => {
      if (operation.inputs[i] === undefined) return undefined;
      return at(i).values.map((value) => {
        if (value === undefined) throw new Unknown();
        return value;
      });
    };
    try {
      const found = rule({ operation, attributes: operation.attributes, at, list });
      return found.values.length > SMALL ? undefined : found;
    } catch (error) {
      if (error instanceof Unknown) return undefined;
      throw error;
    }
  }
}
