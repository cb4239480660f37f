import { damagedVersion } from './damaged-version.js';
import type { GridTensor, ParameterGrid } from './parameter-grid.js';
import { RansDecoder } from './rans-decoder.js';
import {
  BLOCK,
  CONTEXT,
  CONTEXTS,
  CONTEXTS_PER_KIND,
  FIRST_SHIFT,
  MAX_BITS,
  MAX_QUANTISED_BITS,
  MAX_SHIFT,
  METHOD,
  magnitudeBits,
  TOP_K_BITS,
} from './tensor-format.js';

/**
 * Decodes a difference: whole numbers in units of the grid, one per value. Time and memory are bounded by the number of
 * values.
 *
 * @throws RenormError VERSION_REFUSED: bytes that no encoder writes for this grid
 */
export function readDifference(bytes: Uint8Array, { tensors, exported }: ParameterGrid): Float64Array {
  const reader = new TensorReader(bytes);
  const difference = new Float64Array(exported.length);
  for (const tensor of tensors) reader.read(tensor, difference);
  reader.end();
  return difference;
}

class TensorReader {
  readonly #coder: RansDecoder;
  /** Power of two of the last scale of each kind. */
  readonly #lastScale: (number | undefined)[] = [];
  #base = 0;

  constructor(bytes: Uint8Array) {
    this.#coder = new RansDecoder(bytes, CONTEXTS);
  }

  read(tensor: GridTensor, difference: Float64Array): void {
    this.#base = tensor.kind * CONTEXTS_PER_KIND;
    const method = this.#method();
    if (method === METHOD.unchanged) return;
    const step = this.#step(tensor);
    const values = difference.subarray(tensor.start, tensor.start + tensor.length);
    if (method === METHOD.dense) this.#dense(values, step);
    else if (method <= MAX_QUANTISED_BITS) this.#quantised(values, step, method);
    else if (method === METHOD.ternary) this.#sparse(values, step, 0);
    else if (method === METHOD.topK) this.#sparse(values, step, TOP_K_BITS);
    else throw damagedVersion(`it uses method ${method} for a tensor`);
  }

  end(): void {
    this.#coder.end();
  }

  #method(): number {
    let node = 1;
    for (let i = 0; i < 4; i++) node = node * 2 + this.#coder.bit(this.#base + CONTEXT.method + node);
    return node - 16;
  }

  #step({ kind, unitExponent }: GridTensor): number {
    const change = this.#number(CONTEXT.scale, MAX_BITS.scale);
    const sign = change > 0 && this.#coder.bit(this.#base + CONTEXT.scaleSign) === 1 ? -1 : 1;
    const scale = (this.#lastScale[kind] ?? unitExponent + FIRST_SHIFT) + sign * change;
    const shift = scale - unitExponent;
    if (shift < 0 || shift > MAX_SHIFT) throw damagedVersion(`a scale is 2^${shift} units`);
    this.#lastScale[kind] = scale;
    return 2 ** shift;
  }

  #dense(values: Float64Array, step: number): void {
    this.#run(values, 0, values.length, step, MAX_BITS.dense);
  }

  #quantised(values: Float64Array, step: number, bits: number): void {
    for (let start = 0; start < values.length; start += BLOCK) {
      const scale = values.length > BLOCK ? 2 ** this.#number(CONTEXT.block, MAX_BITS.block) : 1;
      this.#run(values, start, Math.min(start + BLOCK, values.length), step * scale, magnitudeBits(bits));
    }
  }

  #run(values: Float64Array, from: number, to: number, step: number, bits: number): void {
    const zero = this.#base + CONTEXT.zero;
    let before = from > 0 && values[from - 1] !== 0 ? 1 : 0;
    let neighbours = before + (from > 1 && values[from - 2] !== 0 ? 1 : 0);
    for (let i = from; i < to; i++) {
      const present = this.#coder.bit(zero + neighbours);
      if (present === 1) values[i] = this.#signed(bits) * step;
      neighbours = before + present;
      before = present;
    }
  }

  /** A count, then for each value that is not 0 how many zeros lie before it. */
  #sparse(values: Float64Array, step: number, bits: number): void {
    let place = 0;
    for (let left = this.#number(CONTEXT.count, MAX_BITS.place); left > 0; left--) {
      place += this.#number(CONTEXT.gap, MAX_BITS.place);
      if (place >= values.length) throw damagedVersion('a value lies behind the end of its tensor');
      values[place++] = this.#signed(bits) * step;
    }
  }

  #signed(bits: number): number {
    const sign = this.#coder.even() === 1 ? -1 : 1;
    return sign * (this.#number(CONTEXT.magnitude, bits) + 1);
  }

  /** A number of at most so many bits: its length in unary, then the bits behind its leading one. */
  #number(context: number, most: number): number {
    const base = this.#base + context;
    let length = 0;
    while (length < most && this.#coder.bit(base + Math.min(length, 15)) === 1) length += 1;
    if (length < 2) return length;
    let number = 2 + this.#coder.bit(base + 16 + Math.min(length, 15));
    for (let i = length - 2; i > 0; i--) number = number * 2 + this.#coder.even();
    return number;
  }
}
