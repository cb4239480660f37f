import { fileURLToPath } from 'node:url';
import { type GivenImage, RenormError, reasonOf } from '@renorm/protocol';
import { Piscina } from 'piscina';
import type { Outcome, PixelsToEncode } from './image-worker.js';

const WORKER = fileURLToPath(new URL('./image-worker.js', import.meta.url));
const IDLE_MS = 60_000;

/** Decodes, fits and encodes images in threads of its own, which start when they are needed and end when they are not. */
export class ImageThreads {
  readonly #pool: Piscina;
  #closed = false;

  /** @param threads at most */
  constructor(threads = 1) {
    this.#pool = new Piscina({
      filename: WORKER,
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: IDLE_MS,
      // The entry is plain JavaScript, and the loaders and inspectors of the program are not for it.
      execArgv: [],
    });
  }

  /**
   * The pixels of a model's input: 8 bits a value, channel by channel.
   *
   * @throws RenormError IMAGE_UNREADABLE, CLOSED
   */
  async pixels({ file, preprocessing, shape }: GivenImage): Promise<Uint8Array> {
    const outcome: Outcome<Uint8Array> = await this.#run('toPixels', { file, preprocessing, shape });
    if ('unreadable' in outcome) throw new RenormError('IMAGE_UNREADABLE', outcome.unreadable);
    return outcome.value;
  }

  /** A WebP file of pixels, with loss. @throws RenormError CLOSED */
  file(pixels: PixelsToEncode): Promise<Uint8Array> {
    return this.#run('toFile', pixels);
  }

  /** Ends the threads; what they were doing rejects with CLOSED. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#pool.destroy();
  }

  async #run<Value>(name: string, task: unknown): Promise<Value> {
    try {
      return await this.#pool.run(task, { name });
    } catch (cause) {
      if (this.#closed)
        throw new RenormError('CLOSED', 'the thread for images was closed before it was done.', { cause });
      throw new RenormError(
        'IMAGE_UNREADABLE',
        `the thread for images failed (${reasonOf(cause)}); give another image.`,
        {
          cause,
        },
      );
    }
  }
}
