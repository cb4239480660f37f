import type { OutgoingHttpHeaders } from 'node:http';
import type { Connection } from './connection.js';
import type { Exchange } from './exchange.js';

/** A file that the server gives to whoever asks. */
export interface ServedFile {
  /** Its MIME type. */
  readonly type: string;
  readonly bytes: Uint8Array;
}

/**
 * A page is isolated from others, so that WebAssembly has threads, and loads and runs nothing but what comes from here.
 */
const HEADERS: OutgoingHttpHeaders = {
  'cache-control': 'no-cache',
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'content-security-policy':
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval' blob:; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; frame-ancestors 'none'",
};

/** Answers a request for a file. @returns false: it is none */
export function serveFile(files: ReadonlyMap<string, ServedFile>, exchange: Exchange, connection: Connection): boolean {
  if (exchange.method !== 'GET' && exchange.method !== 'HEAD') return false;
  const file = files.get(exchange.path.replace(/[?#].*$/s, ''));
  exchange.request.resume();
  if (file === undefined) {
    connection.refused();
    exchange.answer(404, {});
    return true;
  }
  connection.isKnown();
  const headers = { ...HEADERS, 'content-type': file.type, 'content-length': file.bytes.length };
  if (exchange.method === 'HEAD') exchange.answer(200, headers);
  else {
    exchange.respond(200, headers);
    exchange.write(file.bytes);
    exchange.end();
  }
  return true;
}
