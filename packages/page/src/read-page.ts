import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file that a page is made of. */
export interface PageFile {
  /** Its MIME type. */
  readonly type: string;
  readonly bytes: Uint8Array;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
};

/**
 * The files of the page by their paths, `/` among them.
 *
 * @throws the system's error: it has not been built (`node scripts/build-page.mjs`)
 */
export async function readPage(): Promise<Map<string, PageFile>> {
  const folder = fileURLToPath(new URL('./files/', import.meta.url));
  const names = await readdir(folder);
  const files = await Promise.all(
    names.map(async (name): Promise<[string, PageFile]> => {
      const type = TYPES[extname(name)] ?? 'application/octet-stream';
      return [name === 'index.html' ? '/' : `/${name}`, { type, bytes: new Uint8Array(await readFile(folder + name)) }];
    }),
  );
  return new Map(files);
}
