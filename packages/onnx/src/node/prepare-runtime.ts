import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { OnnxError } from '../errors.js';

/**
 * What to do where there is no runtime. Its install script would download CUDA libraries on Linux; pnpm does not run
 * it.
 */
const INSTALL = 'npm install --ignore-scripts onnxruntime-node@1.27.0, or pnpm add onnxruntime-node@1.27.0';

/** A file of onnxruntime-node, and the folder of the package. */
const IN_PACKAGE = /^(.*[/\\]onnxruntime-node[/\\])(?:bin|dist)[/\\]/;

/**
 * Sees to it that onnxruntime-node can be loaded, before anything of it is. Versions from 1.28 on send telemetry unless
 * the environment has ORT_DISABLE_TELEMETRY: it is set here where nobody has set it.
 *
 * @param importer `import.meta.url` of who will import it
 * @throws OnnxError ONNX_RUNTIME: it is not installed, or this process has loaded another version of it
 */
export function prepareRuntime(importer: string): void {
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
  const ours = runtimeFolder(importer);
  const version = versionIn(ours);
  const other = loadedRuntimes().find((folder) => folder !== ours && versionIn(folder) !== version);
  if (other === undefined) return;
  throw new OnnxError(
    'ONNX_RUNTIME',
    `this process has loaded onnxruntime ${versionIn(other)} from ${other}, and renorm would load ${version} from ${ours}: two versions in one process break each other. Install one for both (npm ls onnxruntime-node), or use them in different processes.`,
  );
}

function runtimeFolder(importer: string): string {
  try {
    return IN_PACKAGE.exec(createRequire(importer).resolve('onnxruntime-node'))?.[1] ?? '';
  } catch (cause) {
    const text = `onnxruntime-node is not installed; install it beside renorm (${INSTALL}).`;
    throw new OnnxError('ONNX_RUNTIME', text, { cause });
  }
}

function versionIn(folder: string): string {
  try {
    const { version } = JSON.parse(readFileSync(`${folder}package.json`, 'utf8')) as { version: string };
    return version;
  } catch {
    return 'of an unknown version';
  }
}

/** Folders from which this process has loaded a library of onnxruntime-node, in whichever of its threads. */
function loadedRuntimes(): string[] {
  const report = process.report as typeof process.report & { excludeNetwork?: boolean };
  const before = report.excludeNetwork;
  // A report looks up the names of all peers otherwise.
  report.excludeNetwork = true;
  try {
    const { sharedObjects } = report.getReport() as unknown as { readonly sharedObjects: readonly string[] };
    return sharedObjects.flatMap((path) => IN_PACKAGE.exec(path)?.[1] ?? []);
  } finally {
    report.excludeNetwork = before ?? false;
  }
}
