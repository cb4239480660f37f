import { digestBytes, RenormError, toHex } from '@renorm/protocol';
import { type Blobs, UNNAMED_KEPT_MS } from '../store.js';
import type { Cluster } from './cluster.js';
import { numberOf } from './headers.js';
import { readHeaders } from './tail.js';

export interface ClusterBlobsParts {
  readonly cluster: Cluster;
  readonly beforeWrite: (what: string) => void;
  /** Milliseconds, for the age of blobs. */
  readonly now: () => number;
}

interface Unnamed {
  readonly digest: string;
  /** Number of the head that named it last. */
  readonly head: number;
  /** When another head took that one's place. */
  readonly since: number;
}

/** A blob that was put by this process so lately is there: nobody deletes it sooner than `LEFT_MS`. */
const TRUSTED_MS = 30_000;
/**
 * So long a blob stays that no head names any more: another trainer may have put the same one, and be about to name it.
 */
const LEFT_MS = 60_000;
/** How often blobs are looked for whose head never came. */
const SWEEP_MS = 3_600_000;

/** Blobs in JetStream: a message each under their digest, and chunks before it where one is not enough. */
export class ClusterBlobs implements Blobs {
  readonly #parts: ClusterBlobsParts;
  /** When this process put what. */
  readonly #put = new Map<string, number>();
  readonly #unnamed: Unnamed[] = [];
  #sweptAt: number;

  constructor(parts: ClusterBlobsParts) {
    this.#parts = parts;
    this.#sweptAt = parts.now();
  }

  async put(bytes: Uint8Array): Promise<string> {
    const { cluster, beforeWrite, now } = this.#parts;
    const digest = toHex(digestBytes(bytes));
    const chunks = Math.ceil(bytes.length / cluster.largest);
    // The blob's own message goes last: before it, there is none.
    for (let i = 0; chunks > 1 && i < chunks; i++) {
      beforeWrite('chunk');
      const chunk = bytes.subarray(i * cluster.largest, (i + 1) * cluster.largest);
      await cluster.publish({ subject: this.#chunk(digest, i), bytes: chunk });
    }
    beforeWrite('blob');
    const headers = { 'Renorm-Put': String(now()), 'Renorm-Chunks': String(chunks > 1 ? chunks : 0) };
    await cluster.publish({ subject: this.#subject(digest), headers, ...(chunks <= 1 && { bytes }) });
    this.#put.delete(digest);
    this.#put.set(digest, now());
    return digest;
  }

  async get(digest: string): Promise<Uint8Array | undefined> {
    const { cluster } = this.#parts;
    const read = (subject: string) => cluster.get(cluster.state, { last: subject }, { anywhere: true });
    const message = await read(this.#subject(digest));
    if (message === undefined) return undefined;
    const chunks = numberOf(message.header, 'Renorm-Chunks') ?? 0;
    if (chunks === 0) return message.data;
    const parts = await Promise.all(Array.from({ length: chunks }, (_, i) => read(this.#chunk(digest, i))));
    const found = parts.flatMap((part) => (part === undefined ? [] : [part.data]));
    return found.length < chunks ? undefined : new Uint8Array(Buffer.concat(found));
  }

  /** Whether a head may name it. */
  async has(digest: string): Promise<boolean> {
    const { cluster, now } = this.#parts;
    for (const [old, at] of this.#put) {
      if (at + TRUSTED_MS > now()) break;
      this.#put.delete(old);
    }
    return this.#put.has(digest) || (await cluster.get(cluster.state, { last: this.#subject(digest) })) !== undefined;
  }

  /** A head that named these was replaced by one that does not. @param head its number */
  left(digests: readonly string[], head: number): void {
    for (const digest of digests) this.#unnamed.push({ digest, head, since: this.#parts.now() });
  }

  /**
   * Deletes what has waited long enough.
   *
   * @param named whether a head names it now
   * @param whole all that is there, and what has just been left too; otherwise that is looked for once in an hour
   */
  async sweep(named: () => Promise<ReadonlySet<string>>, whole = false): Promise<void> {
    const now = this.#parts.now();
    const due: Unnamed[] = [];
    while (this.#unnamed[0] && (whole || this.#unnamed[0].since + LEFT_MS <= now))
      due.push(this.#unnamed.shift() as Unnamed);
    const isWhole = whole || this.#sweptAt + SWEEP_MS <= now;
    if (due.length === 0 && !isWhole) return;
    try {
      const names = await named();
      for (const { digest, head } of due) if (!names.has(digest)) await this.#delete(digest, head);
      if (isWhole) await this.#deleteOld(names, now);
      if (isWhole) this.#sweptAt = now;
    } catch (error) {
      this.#unnamed.unshift(...due);
      // What went wrong is tried again with a later head.
      if (!(error instanceof RenormError)) throw error;
    }
  }

  /** What was put before a head, and is put again by nobody since. */
  async #delete(digest: string, before: number): Promise<void> {
    const { cluster } = this.#parts;
    this.#put.delete(digest);
    await cluster.purge(cluster.state, this.#subject(digest), before);
    await cluster.purge(cluster.state, this.#chunk(digest, '*'), before);
  }

  /** Blobs whose head never came: the process ended in between, or another trainer was first. */
  async #deleteOld(names: ReadonlySet<string>, now: number): Promise<void> {
    const { cluster } = this.#parts;
    const old: { readonly digest: string; readonly seq: number }[] = [];
    const tail = { stream: cluster.state, subject: this.#subject('*'), from: 1 };
    await readHeaders(cluster, tail, ({ subject, headers, seq }) => {
      const digest = subject.split('.').at(-1) ?? '';
      if (!names.has(digest) && now - (numberOf(headers, 'Renorm-Put') ?? 0) >= UNNAMED_KEPT_MS)
        old.push({ digest, seq });
    });
    for (const { digest, seq } of old) await this.#delete(digest, seq + 1);
  }

  #subject(digest: string): string {
    return `${this.#parts.cluster.name}.blob.${digest}`;
  }

  #chunk(digest: string, index: number | string): string {
    return `${this.#parts.cluster.name}.chunk.${digest}.${index}`;
  }
}
