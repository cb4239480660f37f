import { RenormError } from '@renorm/protocol';

/** Counts the calls of each peer that are being answered. */
export class InFlight {
  readonly #calls = new Map<string, number>();

  /** @returns what ends the call @throws RenormError TOO_MANY_CALLS: this peer has as many as it may */
  enter(peer: string, most: number): () => void {
    const calls = this.#calls.get(peer) ?? 0;
    if (calls >= most) {
      throw new RenormError(
        'TOO_MANY_CALLS',
        `${calls} calls of this connection are being answered, more are not taken; wait for an answer before you send more.`,
      );
    }
    this.#calls.set(peer, calls + 1);
    return () => {
      const left = (this.#calls.get(peer) ?? 1) - 1;
      if (left === 0) this.#calls.delete(peer);
      else this.#calls.set(peer, left);
    };
  }
}
