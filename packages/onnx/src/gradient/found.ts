import type { OnnxError } from '../errors.js';
import type { Operation, Value } from '../graph/types.js';

/** An input of an operation into which no gradient can flow. */
export interface Stop {
  readonly operation: Operation;
  /** Which input of the operation; behind its inputs stand the values that its bodies read from outside. */
  readonly input: number;
  readonly reason: OnnxError;
}

/** A gradient for each target that one flows to, by the target's name, in the target's shape. */
export class Gradients extends Map<string, Value> {
  /** Where the gradient ended, with `onMissingRule: 'stop'`. */
  readonly stops: readonly Stop[];
  /** Targets that the loss depends on, to which no gradient flows because it was stopped. */
  readonly unreached: readonly Value[];
  /** Targets whose gradient lacks what was stopped. */
  readonly partial: readonly Value[];

  constructor(found: ReadonlyMap<string, Value>, targets: readonly Value[], stops: readonly Stop[], cut: Set<string>) {
    super(targets.flatMap(({ name }) => (found.has(name) ? [[name, found.get(name) as Value]] : [])));
    this.stops = stops;
    this.unreached = targets.filter(({ name }) => !found.has(name) && cut.has(name));
    this.partial = targets.filter(({ name }) => found.has(name) && cut.has(name));
  }
}
