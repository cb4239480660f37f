import { mkdir, mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'tap';
import { prepareRuntime } from './prepare-runtime.js';

/** A project elsewhere, with a runtime of some version or with none. @returns the URL of a module in it */
async function project(version?: string): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'renorm-runtime-')));
  if (version !== undefined) {
    const place = join(folder, 'node_modules/onnxruntime-node');
    await mkdir(join(place, 'dist'), { recursive: true });
    await writeFile(join(place, 'package.json'), JSON.stringify({ version, main: 'dist/index.js' }));
    await writeFile(join(place, 'dist/index.js'), '');
  }
  return pathToFileURL(join(folder, 'program.js')).href;
}

test('a runtime that is not installed is named, with how to install it', async (t) => {
  const nowhere = await project();
  t.throws(() => prepareRuntime(nowhere), { code: 'ONNX_RUNTIME', message: /--ignore-scripts onnxruntime-node@/ });
});

test('a second version in one process is refused, with both and their folders', async (t) => {
  const [other, mine] = [await project('9.9.9'), import.meta.url];
  prepareRuntime(other);
  prepareRuntime(mine);
  t.pass('nothing is loaded yet');
  await import('onnxruntime-node');
  prepareRuntime(mine);
  t.throws(() => prepareRuntime(other), {
    code: 'ONNX_RUNTIME',
    message: /has loaded onnxruntime 1\.\d+\.\d+ from .*would load 9\.9\.9 from .*renorm-runtime-/,
  });
  t.equal(process.env.ORT_DISABLE_TELEMETRY, '1');
});
