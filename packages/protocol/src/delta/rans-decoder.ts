import { damagedVersion } from './damaged-version.js';
import { Probabilities } from './probabilities.js';

/** The state of the coder lies between this and 256 times this. */
export const RANS_LOW = 2 ** 20;

/** Bytes of the state at the head of a stream. */
export const RANS_HEAD = 4;

/**
 * Reads bits that were coded as their probabilities deserve: asymmetric numeral systems (Duda, arXiv 1311.2540) in
 * their range form, on bits, with probabilities of 12 bits that both sides learn as they go.
 */
export class RansDecoder {
  readonly #bytes: Uint8Array;
  readonly #probabilities: Probabilities;
  #at = RANS_HEAD;
  #state = 0;

  /** @throws RenormError VERSION_REFUSED: too short, or a head that no encoder writes */
  constructor(bytes: Uint8Array, contexts: number) {
    this.#bytes = bytes;
    this.#probabilities = new Probabilities(contexts);
    for (let i = 0; i < RANS_HEAD; i++) this.#state = this.#state * 256 + (bytes[i] ?? 0);
    if (this.#state < RANS_LOW || this.#state >= RANS_LOW * 256) throw damagedVersion('it has no head');
  }

  /** The next bit in a context. @throws RenormError VERSION_REFUSED: the bytes end early */
  bit(context: number): number {
    const bit = this.#take(this.#probabilities.ofZero(context));
    this.#probabilities.learn(context, bit);
    return bit;
  }

  /** The next bit where both are as likely. @throws RenormError VERSION_REFUSED: the bytes end early */
  even(): number {
    return this.#take(2048);
  }

  /**
   * Every stream ends in the state in which its encoder began.
   *
   * @throws RenormError VERSION_REFUSED: this one does not
   */
  end(): void {
    if (this.#state !== RANS_LOW || this.#at !== this.#bytes.length)
      throw damagedVersion('it does not end where it should');
  }

  #take(zero: number): number {
    const slot = this.#state & 4095;
    const rest = this.#state >>> 12;
    const bit = slot < zero ? 0 : 1;
    this.#state = bit === 0 ? zero * rest + slot : (4096 - zero) * rest + slot - zero;
    while (this.#state < RANS_LOW) {
      if (this.#at >= this.#bytes.length) throw damagedVersion('it ends early');
      this.#state = this.#state * 256 + (this.#bytes[this.#at++] as number);
    }
    return bit;
  }
}
