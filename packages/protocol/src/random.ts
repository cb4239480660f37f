/**
 * One number of a small generator with 32 bits of state (Mulberry32; Tommy Ettinger, public domain). The state is all
 * there is to it, so that a generator can be stored and gone on with.
 * @returns value: uniform in [0, 1); state: what to draw the next number with
 */
export function nextDraw(state: number): { readonly value: number; readonly state: number } {
  const moved = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(moved ^ (moved >>> 15), 1 | moved);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return { value: ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32, state: moved };
}

/** Uniform numbers in [0, 1), the same for the same seed: a whole number, of which the lowest 32 bits count. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    const drawn = nextDraw(state);
    state = drawn.state;
    return drawn.value;
  };
}
