import { open, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ModelFiles } from '../model/external-data.js';

/**
 * Writes a model, and its weights beside it where it has them apart. onnxruntime reads both if it is given the path.
 */
export async function writeModelFiles(path: string, { bytes, externalData }: ModelFiles): Promise<void> {
  if (externalData !== undefined) {
    const file = await open(join(dirname(path), externalData.location), 'w');
    try {
      for (const part of externalData.parts) await file.writeFile(part);
    } finally {
      await file.close();
    }
  }
  await writeFile(path, bytes);
}
