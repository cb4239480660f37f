// Makes the files of the demonstration page (packages/page/dist/files) of its compiled code: bundled, with WebAssembly
// and pictures. Run after tsc -b.
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('../', import.meta.url));
const page = join(root, 'packages/page');
const target = join(page, 'dist/files');
const PICTURES = 1_000;
const IDX_IMAGES_HEAD = 16;
const IDX_LABELS_HEAD = 8;
const PIXELS = 28 * 28;
const LABELS = 'T-shirt,Trousers,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot'.split(',');

/** The first test images: their labels, a byte each, then their pixels. */
async function pictures() {
  const read = async (name) => gunzipSync(await readFile(join(root, 'models/fashion-mnist', name)));
  const images = await read('t10k-images-idx3-ubyte.gz');
  const labels = await read('t10k-labels-idx1-ubyte.gz');
  return Buffer.concat([
    labels.subarray(IDX_LABELS_HEAD, IDX_LABELS_HEAD + PICTURES),
    images.subarray(IDX_IMAGES_HEAD, IDX_IMAGES_HEAD + PICTURES * PIXELS),
  ]);
}

/** Takes a second. */
export async function buildPage() {
  const { build } = await import(createRequire(join(page, 'package.json')).resolve('esbuild'));
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  await build({
    entryPoints: {
      main: join(page, 'dist/app/main.js'),
      'worker-entry': join(root, 'packages/edge/dist/web/worker-entry.js'),
    },
    ...{ bundle: true, splitting: true, minify: true, format: 'esm', platform: 'browser', target: 'es2022' },
    ...{ outdir: target, logLevel: 'error', nodePaths: [join(page, 'node_modules')] },
    // The page computes in WebAssembly alone: its file for WebGPU is twice as large.
    alias: { 'onnxruntime-web/webgpu': 'onnxruntime-web/wasm' },
  });
  await build({
    entryPoints: [join(page, 'static/main.css')],
    ...{ bundle: true, minify: true, outdir: target, external: ['/icon.svg'], logLevel: 'error' },
    nodePaths: [join(page, 'node_modules')],
  });
  for (const name of ['index.html', 'icon.svg', 'sw.js'])
    await copyFile(join(page, 'static', name), join(target, name));
  for (const name of ['ort-wasm-simd-threaded.wasm', 'ort-wasm-simd-threaded.mjs'])
    await copyFile(join(page, 'node_modules/onnxruntime-web/dist', name), join(target, name));
  const model = createHash('sha256').update(await readFile(join(root, 'models/fashion-edge.onnx')));
  await writeFile(join(target, 'pictures.json'), JSON.stringify({ model: model.digest('hex'), labels: LABELS }));
  const names = (await readdir(target)).filter((name) => name !== 'sw.js' && name !== 'index.html');
  const paths = ['/', ...[...names, 'pictures.bin'].map((name) => `/${name}`)];
  await writeFile(join(target, 'files.json'), JSON.stringify(paths));
  await writeFile(join(target, 'pictures.bin'), await pictures());
}

/** Whether it has been built of what is there now. */
export function isPageBuilt() {
  const made = timeOf('packages/page/dist/files/pictures.bin');
  return made > Math.max(...PARTS.map(timeOf));
}

/** What changes when something is compiled anew that is part of the page, and what is not compiled. */
const PARTS = [
  ...['page', 'edge', 'image'].map((name) => `packages/${name}/tsconfig.web.tsbuildinfo`),
  ...['edge', 'image', 'onnx', 'protocol'].map((name) => `packages/${name}/tsconfig.tsbuildinfo`),
  ...['index.html', 'main.css', 'icon.svg', 'sw.js'].map((name) => `packages/page/static/${name}`),
  'scripts/build-page.mjs',
];

const timeOf = (path) => (existsSync(join(root, path)) ? statSync(join(root, path)).mtimeMs : 0);

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPage();
