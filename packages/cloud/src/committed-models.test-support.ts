import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { ModelFile } from './models/model-facts.js';

/** A file of the repository's models folder. */
export const modelPath = (name: string): string => fileURLToPath(new URL(`../../../models/${name}`, import.meta.url));

const file = (name: string): ModelFile => ({ name, bytes: readFileSync(modelPath(name)) });

export const edgeModel = (): ModelFile => file('fashion-edge.onnx');
export const foundationModel = (): ModelFile => file('fashion-foundation.onnx');

const PIXELS = 28 * 28;

/** Test images in a haze: darks raised, contrast lost. float32 in [0, 1], one array per image. */
export function hazyImages(first: number, count: number): Float32Array[] {
  const raw = gunzipSync(readFileSync(modelPath('fashion-mnist/t10k-images-idx3-ubyte.gz')));
  return Array.from({ length: count }, (_, n) => {
    const start = 16 + (first + n) * PIXELS;
    return Float32Array.from(raw.subarray(start, start + PIXELS), (value) => Math.round(value * 0.5 + 90) / 255);
  });
}

/** Their classes. */
export function labels(first: number, count: number): number[] {
  const raw = gunzipSync(readFileSync(modelPath('fashion-mnist/t10k-labels-idx1-ubyte.gz')));
  return [...raw.subarray(8 + first, 8 + first + count)];
}
