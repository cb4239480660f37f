import type { Tensor } from '@renorm/protocol';
import type { Image } from '../corruptions/index.js';

/**
 * An image as a model takes it: float32 `[channels, height, width]`, each value exactly `Math.fround(byte / 255)`,
 * which the wire format sends as the byte that it was.
 */
export function toTensor({ data, width, height, channels }: Image): Tensor {
  const pixels = width * height;
  const planes = new Float32Array(pixels * channels);
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < channels; c++) planes[c * pixels + i] = (data[i * channels + c] as number) / 255;
  }
  return { data: planes, shape: [channels, height, width] };
}
