import { encodeSketch, type Outlook, RenormError, reasonOf } from '@renorm/protocol';
import type { SelectedSample } from './effects.js';
import type { Inference, Measured } from './platform.js';
import { EMPTY_WINDOW, gather, type Seen, type SketchOptions, type SketchWindow } from './sketch-window.js';
import { softmax } from './softmax.js';

export interface SketcherSurroundings {
  readonly inference: Required<Pick<Inference, 'sketch'>>;
  readonly classes: number;
  /** A sketch is made. */
  onSample(sample: SelectedSample): void;
  onLost(error: RenormError): void;
}

/** Makes sketches of predictions, one at a time: those that come while one is measured are passed over. */
export class Sketcher {
  readonly #options: SketchOptions;
  readonly #around: SketcherSurroundings;
  #window: SketchWindow = EMPTY_WINDOW;
  #isMeasuring = false;

  constructor(options: SketchOptions, around: SketcherSurroundings) {
    this.#options = options;
    this.#around = around;
  }

  /** Whether a sketch is being made. */
  get busy(): boolean {
    return this.#isMeasuring;
  }

  /** @param burst whether the selection is in a burst */
  add(seen: Seen, burst: boolean): void {
    if (this.#isMeasuring) return;
    const { window, full } = gather(this.#window, seen, burst, this.#options);
    this.#window = window;
    if (full !== undefined) void this.#measure(full);
  }

  async #measure(seen: readonly Seen[]): Promise<void> {
    const { inference, classes, onSample, onLost } = this.#around;
    this.#isMeasuring = true;
    try {
      const measured = await inference.sketch(joined(seen), seen.length);
      onSample(sketchOf(seen, measured, classes));
    } catch (cause) {
      const text = `a sketch could not be measured and is left out (${reasonOf(cause)}); the device goes on predicting.`;
      onLost(new RenormError('INFERENCE_FAILED', text, { cause }));
    }
    this.#isMeasuring = false;
  }
}

/** What is uploaded of a window that was measured. */
export function sketchOf(seen: readonly Seen[], { layers, logits }: Measured, classes: number): SelectedSample {
  const served = outlookOf(seen, classes);
  const pass = seen.map((_, i) => softmax(logits.subarray(i * classes, (i + 1) * classes)));
  const sketch = { images: seen.length, layers, served, batch: outlookOf(pass, classes) };
  return {
    kind: 'sketch',
    score: 0,
    encoded: encodeSketch(sketch),
    version: seen.at(-1)?.version ?? 0,
    entropy: served.entropy,
  };
}

function outlookOf(
  predictions: readonly { readonly label: number; readonly entropy: number }[],
  classes: number,
): Outlook {
  const predicted = new Array<number>(classes).fill(0);
  for (const { label } of predictions) predicted[label] = (predicted[label] as number) + 1;
  const entropy = predictions.reduce((sum, one) => sum + one.entropy, 0) / predictions.length;
  return { entropy, predicted };
}

function joined(seen: readonly Seen[]): Float32Array {
  const size = seen[0]?.input.length ?? 0;
  const images = new Float32Array(seen.length * size);
  for (const [i, { input }] of seen.entries()) images.set(input, i * size);
  return images;
}
