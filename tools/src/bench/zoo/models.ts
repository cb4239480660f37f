import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryPath } from '../../repository.js';
import { runPython } from '../python-process.js';

/** How PyTorch writes a step; see models/zoo/bench.py. */
export type Form = 'elementary' | 'fused';

/** A model of the zoo and how it is measured. */
export interface ZooModel {
  /** As models/zoo/architectures.py calls it. */
  readonly name: string;
  readonly batch: number;
  /** Of one sample. */
  readonly shape: readonly number[];
  /** Models without BatchNormalization have one form only. */
  readonly forms: readonly Form[];
}

const IMAGE = [3, 224, 224];
const BOTH: readonly Form[] = ['elementary', 'fused'];

/** What is measured, with batches that a device's uploads fill and two cores work through in seconds. */
export const ZOO: readonly ZooModel[] = [
  { name: 'resnet18', batch: 32, shape: IMAGE, forms: BOTH },
  { name: 'mobilenet-v2', batch: 16, shape: IMAGE, forms: BOTH },
  { name: 'efficientnet-b0', batch: 16, shape: IMAGE, forms: BOTH },
  { name: 'shufflenet-v2', batch: 16, shape: IMAGE, forms: BOTH },
  { name: 'vit-s16', batch: 8, shape: IMAGE, forms: ['elementary'] },
  { name: 'convnext-t', batch: 4, shape: IMAGE, forms: ['elementary'] },
];

export const zooScript = repositoryPath('models/zoo/bench.py');

export interface ZooFiles {
  /** Exported with nothing folded: the source of the gradient graph. */
  readonly training: string;
  /** Exported as for inference, with everything folded. */
  readonly plain: string;
}

/** The ONNX files of a model in a folder, which PyTorch exports there if they are missing. */
export async function zooFiles(python: string, folder: string, name: string): Promise<ZooFiles> {
  const files = { training: join(folder, `${name}-training.onnx`), plain: join(folder, `${name}-plain.onnx`) };
  if (existsSync(files.training) && existsSync(files.plain)) return files;
  await mkdir(folder, { recursive: true });
  await runPython(python, [zooScript, 'export', name, folder]);
  return files;
}

/** A batch of reproducible noise, float32 [batch, ...shape], with about unit variance. */
export function noise(batch: number, shape: readonly number[]): Float32Array {
  const length = shape.reduce((product, size) => product * size, batch);
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * Math.sqrt(12);
  });
}
