import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readTensor, type TensorFile } from './tensor-file.js';

/** One backend test of the ONNX standard. */
export interface PeerCase {
  readonly name: string;
  readonly model: Uint8Array;
  /** In the order of the graph's inputs; undefined for a file that holds no tensor: a sequence, an optional value. */
  readonly inputs: readonly (TensorFile | undefined)[];
}

/** Where the `onnx` package of a Python keeps its backend tests. */
export function testsOf(python: string): string {
  const code = 'import onnx.backend.test, os; print(os.path.dirname(onnx.backend.test.__file__))';
  return join(execFileSync(python, ['-c', code], { encoding: 'utf8' }).trim(), 'data');
}

/** Folders of all tests below a folder, sorted. @throws where there is none */
export async function caseFolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const folders = entries.filter(({ name }) => name === 'model.onnx').map(({ parentPath }) => parentPath);
  if (folders.length > 0) return folders.sort();
  throw new Error(
    `${folder} has no backend tests in it (model.onnx beside test_data_set_0); pip install onnx==1.20.1 has them, newer ones may not.`,
  );
}

export async function readCase(folder: string, name: string): Promise<PeerCase> {
  const set = join(folder, 'test_data_set_0');
  const files = (await readdir(set).catch(() => [])).filter((file) => /^input_\d+\.pb$/.test(file));
  const inputs = files.map(async (_, i) => {
    const bytes = await readFile(join(set, `input_${i}.pb`));
    try {
      return readTensor(bytes);
    } catch {
      // A sequence or an optional value has other fields.
      return undefined;
    }
  });
  return { name, model: await readFile(join(folder, 'model.onnx')), inputs: await Promise.all(inputs) };
}
