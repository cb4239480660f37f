import { test } from 'tap';
import { EMPTY_WINDOW, gather, resolveSketchOptions, type Seen, type SketchWindow } from './sketch-window.js';

const options = resolveSketchOptions({ every: 3, window: 4 });

/** Plays predictions, `b` in a burst and `.` outside. @returns the inputs of each window that was full */
function play(stream: string): number[][] {
  let window: SketchWindow = EMPTY_WINDOW;
  const full: number[][] = [];
  for (const [i, letter] of [...stream].entries()) {
    const seen: Seen = { input: Float32Array.of(i), label: 0, entropy: 1, version: 0 };
    const next = gather(window, seen, letter === 'b', options);
    window = next.window;
    if (next.full !== undefined) full.push(next.full.map(({ input }) => input[0] as number));
  }
  return full;
}

test('one prediction in so many is measured, and all of a burst', async (t) => {
  t.same(play('.'.repeat(22)), [
    [0, 3, 6, 9],
    [12, 15, 18, 21],
  ]);
  t.same(play('bbbbbb........'), [
    [0, 1, 2, 3],
    [4, 5, 8, 11],
  ]);
});

test('a burst begins a window anew: what was before is of another environment', async (t) => {
  t.same(play('........bbbb'), [[8, 9, 10, 11]]);
});

test('an image is copied: what is uploaded as well is given away', async (t) => {
  const input = Float32Array.of(5);
  const { window } = gather(EMPTY_WINDOW, { input, label: 0, entropy: 1, version: 0 }, false, options);
  input.fill(0);
  t.same([...(window.seen[0]?.input ?? [])], [5]);
});

test('options that mean nothing are refused by name', async (t) => {
  const refuse = (given: object, message: RegExp): void => {
    t.throws(() => resolveSketchOptions(given), { code: 'REQUEST_INVALID', message });
  };
  refuse({ every: 0 }, /sketches.every is 0/);
  refuse({ window: 1 }, /sketches.window is 1; it has to be an integer from 2/);
});
