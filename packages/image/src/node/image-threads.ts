import { fileURLToPath } from 'node:url';
import { type GivenImage, RenormError, reasonOf } from '@renorm/protocol';
import { Piscina } from 'piscina';
import type { FilePixels, GivenFrame, Outcome, PixelsToEncode } from './image-worker.js';

const WORKER = fileURLToPath(new URL('./image-worker.js', import.meta.url));
const IDLE_MS = 60_000;

/**
 * Decodes, fits and encodes images in threads of its own, which start when they are needed and end when they are not.
 */
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
  pixels({ file, preprocessing, shape }: GivenImage): Promise<Uint8Array> {
    return this.#outcome('toPixels', { file, preprocessing, shape });
  }

  /** As `pixels`, of photographs that are larger than a cloud takes, of 16 bits, or CMYK, too. */
  photograph({ file, preprocessing, shape }: GivenImage): Promise<FilePixels> {
    return this.#outcome('ofPhotograph', { file, preprocessing, shape });
  }

  /** As `pixels`, of pixels. */
  frame({ frame, preprocessing, shape }: GivenFrame): Promise<Uint8Array> {
    return this.#outcome('ofFrame', { frame, preprocessing, shape });
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

  async #outcome<Value>(name: string, task: unknown): Promise<Value> {
    const outcome = await this.#run<Outcome<Value>>(name, task);
    if ('unreadable' in outcome) throw new RenormError('IMAGE_UNREADABLE', outcome.unreadable);
    return outcome.value;
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
