import { statSync } from 'node:fs';
import { RenormError } from '@renorm/protocol';

/** What a file says, read again when it has changed. */
export class ReloadedFile<T> {
  readonly #path: string;
  readonly #read: (path: string) => T;
  readonly #onProblem: (error: RenormError) => void;
  #stamp: string;
  #value: T;

  /**
   * @param onProblem told, once for each change, when a changed file cannot be read: what it said before stays
   * @throws what `read` throws
   */
  constructor(path: string, read: (path: string) => T, onProblem: (error: RenormError) => void) {
    this.#path = path;
    this.#read = read;
    this.#onProblem = onProblem;
    this.#stamp = stampOf(path);
    this.#value = read(path);
  }

  get value(): T {
    const stamp = stampOf(this.#path);
    if (stamp === this.#stamp) return this.#value;
    this.#stamp = stamp;
    try {
      this.#value = this.#read(this.#path);
    } catch (error) {
      if (!(error instanceof RenormError)) throw error;
      this.#onProblem(error);
    }
    return this.#value;
  }
}

function stampOf(path: string): string {
  const { mtimeMs = 0, size = 0, ino = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return `${mtimeMs} ${size} ${ino}`;
}
