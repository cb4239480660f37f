import { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs } from '@renorm/edge';
import type { SampleInput } from '@renorm/edge/node';
import { RenormError, reasonOf } from '@renorm/protocol';
import { JpegSplitter } from './jpeg-splitter.js';
import { type RawFormat, RawSplitter } from './raw-frames.js';

/** Something to predict. */
export interface Source {
  /** What it is called. */
  readonly name: string;
  /** The same where it has to be found: a file's path. */
  readonly path: string;
  /** @throws what the file system says */
  read(): Promise<SampleInput>;
}

/** What is told of a stream. */
export interface StreamMessages {
  /** It was lost, and is asked for again. */
  lost(stream: string, reason: string, retryInMs: number): void;
}

/**
 * The frames of a stream, until it ends or the signal is aborted. A pipe or a file (`-` is stdin) gives each of its
 * frames, and waits for who takes them. What comes over HTTP is live: of the frames that came meanwhile only the newest
 * is given, and a stream that is lost is asked for again.
 *
 * @param raw how frames are laid out; left out, JPEG files one after the other
 * @throws RenormError REQUEST_INVALID: it cannot be opened, or holds no frames
 */
export async function* streamFrames(
  where: string,
  raw: RawFormat | undefined,
  signal: AbortSignal,
  messages: StreamMessages,
): AsyncGenerator<Source> {
  const isLive = /^https?:\/\//.test(where);
  if (isLive && raw !== undefined) throw invalid(where, 'frames over HTTP are JPEG; leave out --raw');
  const frames = isLive ? liveFrames(where, signal, messages) : pipedFrames(where, raw, signal);
  for await (const { place, input } of frames) {
    const name = `frame ${place}`;
    yield { name, path: `${name} of ${shown(where)}`, read: async () => input };
  }
}

interface Placed {
  readonly place: number;
  readonly input: SampleInput;
}

async function* pipedFrames(where: string, raw: RawFormat | undefined, signal: AbortSignal): AsyncGenerator<Placed> {
  const bytes = where === '-' ? process.stdin : createReadStream(where);
  const end = (): void => void bytes.destroy();
  signal.addEventListener('abort', end);
  const jpegs = new JpegSplitter();
  const frames = raw && new RawSplitter(raw);
  let place = 0;
  try {
    for await (const chunk of bytes as AsyncIterable<Uint8Array>) {
      const inputs = frames ? frames.push(chunk) : jpegs.push(chunk).map((image) => ({ image }));
      for (const input of inputs) {
        if (signal.aborted) return;
        yield { place: ++place, input };
      }
    }
  } catch (cause) {
    if (signal.aborted) return;
    throw invalid(where, reasonOf(cause));
  } finally {
    signal.removeEventListener('abort', end);
  }
  if (frames !== undefined && frames.rest > 0)
    throw invalid(where, `it ends with ${frames.rest} bytes of a frame; see whether --raw is what is written into it`);
  if (place === 0) throw invalid(where, 'it ended without a frame');
}

/** A connection that brought a frame begins the count of failures anew. */
async function* liveFrames(where: string, signal: AbortSignal, messages: StreamMessages): AsyncGenerator<Placed> {
  const newest = new Newest<Placed>();
  // Who takes no more frames ends it as well.
  const own = new AbortController();
  const ended = AbortSignal.any([signal, own.signal]);
  const reading = readLive(where, ended, messages, (placed) => newest.put(placed)).then(
    () => newest.end(undefined),
    (error: unknown) => newest.end(error),
  );
  try {
    yield* newest;
  } finally {
    own.abort();
    await reading;
  }
}

async function readLive(
  where: string,
  signal: AbortSignal,
  messages: StreamMessages,
  put: (placed: Placed) => void,
): Promise<void> {
  const { url, headers } = withoutPassword(where);
  let place = 0;
  for (let failures = 1; !signal.aborted; failures++) {
    let reason = 'it ended';
    try {
      const response = await fetch(url, { headers, signal });
      if (!response.ok || response.body === null) throw new Error(`it answers ${response.status}`);
      const jpegs = new JpegSplitter();
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        for (const image of jpegs.push(chunk)) {
          failures = 0;
          put({ place: ++place, input: { image } });
        }
      }
    } catch (cause) {
      reason = reasonOf((cause as Error).cause ?? cause);
    }
    if (signal.aborted) return;
    const wait = backoffMs(Math.max(1, failures), Math.random());
    messages.lost(shown(where), reason, wait);
    await sleep(wait, undefined, { signal }).catch(() => undefined);
  }
}

/** What `user:password@` in an address says, where fetch takes it. */
function withoutPassword(where: string): { readonly url: URL; readonly headers: Record<string, string> } {
  let url: URL;
  try {
    url = new URL(where);
  } catch {
    throw invalid(where, 'it is no address');
  }
  if (url.username === '') return { url, headers: {} };
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  return { url, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

/** One value at a time: who is slower than it comes gets the newest. */
class Newest<Value> implements AsyncIterable<Value> {
  #value: Value | undefined;
  #isOver = false;
  #error: unknown;
  #wake = (): void => undefined;

  put(value: Value): void {
    this.#value = value;
    this.#wake();
  }

  end(error: unknown): void {
    this.#isOver = true;
    this.#error = error;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Value> {
    for (;;) {
      const value = this.#value;
      this.#value = undefined;
      if (value !== undefined) yield value;
      else if (this.#error !== undefined) throw this.#error;
      else if (this.#isOver) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}

/** An address may have a password in it. */
const shown = (where: string): string => where.replace(/\/\/[^/@]*@/, '//…@');

function invalid(where: string, why: string): RenormError {
  return new RenormError('REQUEST_INVALID', `the stream ${shown(where)} cannot be read: ${why}.`);
}
