import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RenormError, reasonOf } from '@renorm/protocol';
import type { CellResult } from './cell.js';

/** Finished cells, one JSON object a line: what an evaluation that was ended goes on from. */
export class ResultsFile {
  readonly #path: string;
  readonly #kept = new Map<string, CellResult>();
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string) {
    this.#path = path;
  }

  /** @param folder made if it is not there @throws RenormError REQUEST_INVALID: it cannot be written */
  static async open(folder: string): Promise<ResultsFile> {
    const file = new ResultsFile(join(folder, 'results.jsonl'));
    try {
      await mkdir(folder, { recursive: true });
      // A line that was cut when the last run was ended must not spoil the next one.
      const text = await readFile(file.#path, 'utf8').catch(() => '');
      await appendFile(file.#path, text === '' || text.endsWith('\n') ? '' : '\n');
      for (const line of text.split('\n')) file.#keep(line);
    } catch (cause) {
      throw new RenormError(
        'REQUEST_INVALID',
        `--out ${folder}: it cannot be written (${reasonOf(cause)}); name another folder.`,
        { cause },
      );
    }
    return file;
  }

  /** A cell that was finished before. */
  get(key: string): CellResult | undefined {
    return this.#kept.get(key);
  }

  add(cell: CellResult): void {
    this.#kept.set(cell.key, cell);
    this.#writing = this.#writing.then(() => appendFile(this.#path, `${JSON.stringify(cell)}\n`));
  }

  /** Waits until all is written. */
  async close(): Promise<void> {
    await this.#writing;
  }

  #keep(line: string): void {
    try {
      const cell = JSON.parse(line) as CellResult;
      if (typeof cell.key === 'string' && Array.isArray(cell.predicted)) this.#kept.set(cell.key, cell);
    } catch {
      // A cut line: its cell is run again.
    }
  }
}
