/**
 * Memory that a worker and the main thread share: a ring of slots, each with the float32 input of a prediction and
 * behind it its logits, and counters. Predictions are asked and answered in order; the n-th lies in slot n modulo the
 * ring.
 *
 * Either side sleeps in its event loop and is woken by a message, unless it said that it looks by itself. Each writes
 * its work before it reads whether the other is awake, and goes to sleep before it looks for work a last time; Atomics
 * are sequentially consistent, so no work is left behind.
 */
export interface SlotLayout {
  readonly memory: SharedArrayBuffer;
  readonly elements: number;
  readonly classes: number;
}

/** Predictions in flight in one worker at most. More wait their turn; a few keep it busy without a gap. */
export const SLOTS = 8;

/** Places of the counters and flags, as int32, in front of the slots. */
export const Counter = {
  /** Predictions asked for so far. The main thread writes. */
  Asked: 0,
  /** Predictions answered so far. The worker writes. */
  Answered: 1,
  /** 1 while the worker will look at Asked before it sleeps. */
  WorkerLooks: 2,
  /** 1 while the main thread looks at Answered again and again. */
  MainLooks: 3,
  /** 1 if the worker may look for a while before it sleeps. The main thread writes. */
  WorkerMayPoll: 4,
  /** 1 when the worker is to answer nothing more. The main thread writes. */
  Ending: 5,
  /** 1 while the worker is in the runtime or on its way there. */
  InRuntime: 6,
  /** From here on one place a slot: 1 if its prediction failed; a message tells why. The worker writes. */
  Failed: 8,
} as const;

const HEADER_BYTES = 64;

/** One slot of the ring. */
export interface Slot {
  readonly input: Float32Array;
  readonly output: Float32Array;
}

/** Makes the memory for a model. */
export function allocateSlots(elements: number, classes: number): SlotLayout {
  return { memory: new SharedArrayBuffer(HEADER_BYTES + SLOTS * (elements + classes) * 4), elements, classes };
}

/** The views of the memory. */
export function viewSlots({ memory, elements, classes }: SlotLayout): { counters: Int32Array; slots: readonly Slot[] } {
  const slots = Array.from({ length: SLOTS }, (_, i) => {
    const start = HEADER_BYTES + i * (elements + classes) * 4;
    return {
      input: new Float32Array(memory, start, elements),
      output: new Float32Array(memory, start + elements * 4, classes),
    };
  });
  return { counters: new Int32Array(memory, 0, HEADER_BYTES / 4), slots };
}

/** The slot of the n-th prediction. Counters are int32 and may wrap: the ring's size divides 2^32. */
export const slotIndex = (n: number): number => n & (SLOTS - 1);
