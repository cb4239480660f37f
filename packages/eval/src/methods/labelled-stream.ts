import { type CorruptionName, corrupt, type Severity } from '../corruptions/index.js';
import { Random } from '../corruptions/random.js';
import type { LabelledImages } from '../data/labelled-images.js';

/** Images as a model takes them, with their classes, in the order in which a device sees them. */
export interface LabelledStream {
  /** float32 in [0, 1], one array an image. */
  readonly inputs: readonly Float32Array[];
  readonly labels: readonly number[];
}

export interface StreamOptions {
  /** Undefined: the images as they are. */
  readonly corruption: CorruptionName | undefined;
  readonly severity: Severity;
  readonly count: number;
  readonly seed: number;
}

/** `count` different images in an order that the seed decides, under one corruption. */
export async function labelledStream(
  images: LabelledImages,
  { corruption, severity, count, seed }: StreamOptions,
): Promise<LabelledStream> {
  const random = new Random('order', seed);
  const order = Array.from({ length: images.count }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const j = random.integer(i, order.length);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  const chosen = order.slice(0, count);
  const inputs: Float32Array[] = [];
  for (const index of chosen) {
    const image = images.image(index);
    const seen = corruption === undefined ? image : await corrupt(image, corruption, severity, seed + index);
    inputs.push(Float32Array.from(seen.data, (value) => value / 255));
  }
  return { inputs, labels: chosen.map((index) => images.label(index)) };
}
