import { readFile } from 'node:fs/promises';
import type { ModelFile } from '@renorm/cloud/internal';
import { readLabelledImages } from '@renorm/eval';
import { repositoryPath } from '../repository.js';

/** One of our two models. */
export async function benchModel(name: 'edge' | 'foundation'): Promise<ModelFile> {
  const file = `fashion-${name}.onnx`;
  return { name: file, bytes: await readFile(repositoryPath(`models/${file}`)) };
}

/** The first test images, float32 in [0, 1], one after the other. */
export async function benchImages(count: number): Promise<Float32Array[]> {
  const images = await readLabelledImages(repositoryPath('models/fashion-mnist'));
  return Array.from({ length: count }, (_, i) => Float32Array.from(images.image(i).data, (value) => value / 255));
}
