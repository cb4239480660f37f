import { fromBinary, type WatchResponse, WatchResponseSchema } from '@renorm/protocol';
import type { ServerContext } from './context.js';
import { framed } from './frames.js';
import { RawConnection } from './raw-connection.js';

/** A reader whose HTTP/2 window is shut until it reads on. */
export interface SlowReader {
  /** Bytes that came. */
  received(): number;
  /** Opens the window. */
  readOn(): void;
  /** undefined: none came in time. */
  next(timeoutMs: number): Promise<WatchResponse | undefined>;
  close(): void;
}

const PREFIX = 5;
const POLL_MS = 20;

/** Watches from version 0 without taking a single byte of it. */
export async function slowReader(context: ServerContext): Promise<SlowReader> {
  const connection = await RawConnection.open(context.setup.target, { initialWindowSize: 0 });
  const stream = connection.begin('Watch');
  let buffer = Buffer.alloc(0);
  let total = 0;
  stream.on('data', (chunk: Buffer) => {
    total += chunk.length;
    buffer = Buffer.concat([buffer, chunk]);
  });
  stream.end(framed(context.watching()));
  const message = (): WatchResponse | undefined => {
    if (buffer.length < PREFIX) return undefined;
    const end = PREFIX + buffer.readUInt32BE(1);
    if (buffer.length < end) return undefined;
    const bytes = new Uint8Array(buffer.subarray(PREFIX, end));
    buffer = buffer.subarray(end);
    return fromBinary(WatchResponseSchema, bytes);
  };
  return {
    received: () => total,
    readOn: () => connection.session.settings({ initialWindowSize: 2 ** 20 }),
    async next(timeoutMs) {
      const end = performance.now() + timeoutMs;
      for (;;) {
        const whole = message();
        if (whole !== undefined || performance.now() > end) return whole;
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
    close: () => connection.close(),
  };
}
