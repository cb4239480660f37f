import { type GivenImage, type ImageShape, RenormError, reasonOf } from '@renorm/protocol';
import type { ImageCodecs } from '../core/platform.js';
import type { Frame } from '../core/sample-input.js';
import type { Question } from './worker-messages.js';
import { type StartWorker, WorkerThread } from './worker-thread.js';

/** Decodes, fits and encodes images in a worker of its own, which starts when it is needed. */
export class ImageThreads implements ImageCodecs {
  readonly #start: StartWorker;
  #thread: WorkerThread | undefined;
  #closed: RenormError | undefined;

  constructor(start: StartWorker) {
    this.#start = start;
  }

  photograph({ file, preprocessing, shape }: GivenImage): Promise<{ pixels: Uint8Array; isPlain: boolean }> {
    return this.#ask({ kind: 'photograph', image: { file, preprocessing, shape } });
  }

  frame({ frame, preprocessing, shape }: Omit<GivenImage, 'file'> & { readonly frame: Frame }): Promise<Uint8Array> {
    return this.#ask({ kind: 'frame', frame, image: { preprocessing, shape } });
  }

  file(pixels: {
    readonly pixels: Uint8Array;
    readonly shape: ImageShape;
    readonly quality: number;
  }): Promise<Uint8Array> {
    return this.#ask({ kind: 'file', ...pixels });
  }

  async close(): Promise<void> {
    this.#closed ??= new RenormError('CLOSED', 'the worker for images was closed before it was done.');
    this.#thread?.end(this.#closed);
  }

  async #ask<Answer>(question: Question): Promise<Answer> {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#thread?.alive !== true) this.#thread = new WorkerThread(this.#start, () => undefined);
    try {
      return await this.#thread.ask<Answer>(question);
    } catch (cause) {
      if (cause instanceof RenormError) throw cause;
      const text = `the worker for images failed (${reasonOf(cause)}); give another image.`;
      throw new RenormError('IMAGE_UNREADABLE', text, { cause });
    }
  }
}
