import { join } from 'node:path';
import { encodeSnapshot, toBinary, VersionSchema } from '@renorm/protocol';
import { open } from 'lmdb';
import type { Append, Publication } from './cohorts.js';

/** A folder as renorm 0.1 wrote it: its tables and records, kept here as they were in its `lmdb-substrate.ts`. */
export class Format1Folder {
  readonly #root;
  readonly #samples;
  readonly #received;
  readonly #marks;
  readonly #checkpoints;
  readonly #latest;
  readonly #versions;

  constructor(folder: string) {
    this.#root = open({ path: join(folder, 'store'), maxDbs: 8 });
    this.#samples = this.#root.openDB({ name: 'samples' });
    this.#received = this.#root.openDB<number, string>({ name: 'received' });
    this.#marks = this.#root.openDB<number, [string, string, string]>({ name: 'marks' });
    this.#checkpoints = this.#root.openDB({ name: 'checkpoints' });
    this.#latest = this.#root.openDB({ name: 'latest' });
    this.#versions = this.#root.openDB({ name: 'versions' });
  }

  async append({ cohort, device, session, samples }: Append): Promise<void> {
    const mark: [string, string, string] = [cohort, device, session];
    await this.#root.transaction(() => {
      let position = this.#received.get(cohort) ?? 0;
      for (const { sequence, encoding, rowFilter: prediction = 0, shape, data } of samples) {
        this.#samples.put([cohort, position], { device, session, sequence, encoding, prediction, shape, data });
        position += 1;
      }
      this.#received.put(cohort, position);
      this.#marks.put(mark, samples.at(-1)?.sequence ?? 0);
    });
  }

  /** @param state as `encodeState` made it: parameters and velocities of both models as bytes, steps, random */
  async commit(
    cohort: string,
    checkpoint: { readonly trained: number; readonly state: unknown },
    publication: Publication | undefined,
    keepFrom: number,
  ): Promise<void> {
    await this.#root.transaction(() => {
      this.#checkpoints.put(cohort, checkpoint);
      for (const key of [...this.#samples.getKeys({ start: [cohort, 0], end: [cohort, keepFrom] })])
        this.#samples.remove(key);
      if (publication === undefined) return;
      const { number, digest } = publication.latest;
      const snapshot = toBinary(VersionSchema, encodeSnapshot(publication.latest));
      this.#latest.put(cohort, { number, digest, snapshot });
      this.#versions.put([cohort, number], publication.stored);
    });
  }

  async close(): Promise<void> {
    await this.#root.flushed;
    await this.#root.close();
  }
}
