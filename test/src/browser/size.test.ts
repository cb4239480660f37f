import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { test } from 'tap';
import { repositoryPath } from '../support/cloud-process.js';

/** What a page loads beside onnxruntime, gzipped, in bytes. */
async function sizeOf(
  entry: string,
): Promise<{ readonly atOnce: number; readonly inAll: number; readonly inputs: string[] }> {
  const { outputFiles, metafile } = await build({
    entryPoints: [repositoryPath(`packages/edge/dist/web/${entry}.js`)],
    ...{ bundle: true, splitting: true, minify: true, format: 'esm', platform: 'browser', target: 'es2022' },
    ...{ outdir: repositoryPath('out'), write: false, metafile: true, external: ['onnxruntime-web'] },
  });
  const sizes = new Map(outputFiles.map(({ path, contents }) => [path, gzipSync(contents, { level: 9 }).length]));
  const first = [...sizes.keys()].filter((path) => path.endsWith(`/${entry}.js`));
  // What it imports, and what that imports, but nothing that is imported later.
  for (const path of first) {
    const [, output] = Object.entries(metafile.outputs).find(([name]) => path.endsWith(name)) ?? [];
    for (const { path: name, kind } of output?.imports ?? []) {
      const imported = [...sizes.keys()].find((other) => other.endsWith(name));
      if (kind === 'import-statement' && imported !== undefined && !first.includes(imported)) first.push(imported);
    }
  }
  const sum = (paths: Iterable<string>): number => [...paths].reduce((all, path) => all + (sizes.get(path) ?? 0), 0);
  return { atOnce: sum(first), inAll: sum(sizes.keys()), inputs: Object.keys(metafile.inputs) };
}

test('a device for browsers is under 70 kB gzipped, and has nothing of Node in it', async (t) => {
  const { atOnce, inAll, inputs } = await sizeOf('index');
  t.comment(`${atOnce} bytes at once, ${inAll - atOnce} more with the model`);
  t.ok(atOnce > 20_000 && atOnce < 70_000, `${atOnce} bytes at once`);
  t.ok(inAll < 130_000, `${inAll} bytes with what reads ONNX and with the Ed25519 of old browsers`);
  t.same(
    inputs.filter((path) => /\/node\/|sharp|piscina|grpc-js|onnxruntime-node/.test(path)),
    [],
  );
  const worker = await sizeOf('worker-entry');
  t.ok(worker.inAll < 75_000, `${worker.inAll} bytes in a worker`);
});
