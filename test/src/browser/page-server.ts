import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { repositoryPath } from '../support/cloud-process.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.onnx': 'application/octet-stream',
};

/** Whatever a browser loads, in files as a bundler makes them. */
export async function bundled(): Promise<ReadonlyMap<string, Uint8Array>> {
  const { outputFiles } = await build({
    entryPoints: {
      'in-page': fileURLToPath(new URL('./in-page.js', import.meta.url)),
      'worker-entry': repositoryPath('packages/edge/dist/web/worker-entry.js'),
      'indexed-store': repositoryPath('packages/edge/dist/web/indexed-store.js'),
      'store-contract': repositoryPath('packages/edge/dist/core/state/store-contract.test-support.js'),
    },
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'browser', target: 'es2022' },
    ...{ outdir: '/', write: false, logLevel: 'error' },
  });
  return new Map(outputFiles.map(({ path, contents }) => [path, contents]));
}

/** A page of its own origin, isolated from others, so that WebAssembly has threads. */
export class PageServer {
  readonly #server: Server;
  readonly #files: ReadonlyMap<string, Uint8Array>;

  private constructor(files: ReadonlyMap<string, Uint8Array>) {
    this.#files = files;
    this.#server = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://page').pathname;
      this.#read(path).then(
        (body) => {
          const type = TYPES[extname(path) || '.html'] ?? 'text/plain';
          response.writeHead(200, {
            'content-type': type,
            'cross-origin-opener-policy': 'same-origin',
            'cross-origin-embedder-policy': 'require-corp',
          });
          response.end(body);
        },
        () => response.writeHead(404).end(),
      );
    });
  }

  static async start(files: ReadonlyMap<string, Uint8Array>): Promise<PageServer> {
    const page = new PageServer(files);
    await new Promise<void>((resolve) => page.#server.listen(0, '127.0.0.1', resolve));
    return page;
  }

  get origin(): string {
    const bound = this.#server.address();
    return `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #read(path: string): Promise<Uint8Array | string> {
    if (path === '/') return '<!doctype html><title>renorm</title><script type="module" src="/in-page.js"></script>';
    if (path.startsWith('/ort/'))
      return readFile(join(repositoryPath('test/node_modules/onnxruntime-web/dist'), path.slice(5)));
    if (path.startsWith('/models/')) return readFile(repositoryPath(path.slice(1)));
    const file = this.#files.get(path);
    if (file === undefined) throw new Error(`there is no ${path}`);
    return file;
  }
}
