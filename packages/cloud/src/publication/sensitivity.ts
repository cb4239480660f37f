import type { ParameterSet } from '@renorm/protocol';

/** How far a tensor is moved to see what that does, as a share of its scale. */
const PROBE = 0.03;

/**
 * Symmetric divergence in nats of a whole tensor moved by its scale, over the square of the move: what one finds in
 * most layers.
 */
const TYPICAL = 0.7;

/** A probe on a few samples is off by a factor of 2 at times; one outlier must not take a tensor's bits away. */
const SMALLEST = 0.05;

/**
 * How much the predictions change with each tensor: the symmetric divergence in nats that an error of 1 in one value
 * brings, so that errors in all values together bring about the sum of sensitivity * error^2.
 */
export class Sensitivities {
  readonly #scales: ReadonlyMap<string, number>;
  readonly #responses: Map<string, number>;
  readonly #lengths: ReadonlyMap<string, number>;
  #next = 0;

  /** @param exported gives every tensor's scale */
  constructor(exported: ParameterSet) {
    this.#scales = scalesOf(exported);
    this.#lengths = new Map([...exported].map(([name, values]) => [name, values.length]));
    this.#responses = new Map([...exported.keys()].map((name) => [name, TYPICAL]));
  }

  /** One a tensor, in the order of the parameters. */
  values(): number[] {
    return [...this.#responses].map(
      ([name, response]) => response / (this.#scale(name) ** 2 * (this.#lengths.get(name) as number)),
    );
  }

  /** Measures the next tensor, all taking turns. @param divergenceOf of the predictions under other parameters */
  async probe(parameters: ParameterSet, divergenceOf: (other: ParameterSet) => Promise<number>): Promise<void> {
    const names = [...this.#responses.keys()];
    const name = names[this.#next % names.length] as string;
    this.#next += 1;
    const move = PROBE * this.#scale(name);
    // Up and down without a pattern: all up would be a change of brightness, to which a later normalization is blind.
    const moved = (parameters.get(name) as Float32Array).map((value, i) => value + (isUp(i) ? move : -move));
    const response = (await divergenceOf(new Map(parameters).set(name, moved))) / PROBE ** 2;
    if (!Number.isFinite(response)) return;
    const before = this.#responses.get(name) as number;
    this.#responses.set(name, Math.sqrt(before * Math.max(response, TYPICAL * SMALLEST)));
  }

  #scale(name: string): number {
    return this.#scales.get(name) as number;
  }
}

/** The move of a whole tensor that is about as bad in each: a normalized value is about 1, so gamma and beta are on gamma's scale, the
 * mean on the standard deviation's, the variance on twice its own. */
function scalesOf(exported: ParameterSet): Map<string, number> {
  const of = (layer: string, kind: string): Float32Array | undefined => exported.get(`${layer}/${kind}`);
  return new Map(
    [...exported].map(([name, values]) => {
      const [layer, kind] = [name.slice(0, name.lastIndexOf('/')), name.slice(name.lastIndexOf('/') + 1)];
      if (kind === 'mean') return [name, rms((of(layer, 'variance') ?? values).map((v) => Math.sqrt(Math.max(0, v))))];
      if (kind === 'variance') return [name, 2 * rms(values)];
      return [name, rms(of(layer, 'gamma') ?? values)];
    }),
  );
}

/** Root of the mean square; 1 where all are 0. */
const rms = (values: Float32Array): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length) || 1;

/** Multiplicative hashing (Knuth, The Art of Computer Programming 3, 6.4). */
const isUp = (i: number): boolean => ((Math.imul(i + 1, 2_654_435_761) >>> 7) & 1) === 1;
