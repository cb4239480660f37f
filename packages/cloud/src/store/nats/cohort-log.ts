import { RenormError } from '@renorm/protocol';
import type { LRUCache } from 'lru-cache';
import { Fields, pack } from '../fields.js';
import { type Entry, type Log, type LogAppended, SOURCES_REMEMBERED } from '../store.js';
import { damaged, notEmpty } from '../store-errors.js';
import type { Cluster } from './cluster.js';
import { isOutrun } from './cluster-error.js';
import { marksMessage, marksOf, numberOf, pieceHeaders, pieceOf, tokenOf } from './headers.js';
import { LogIndex, type Marks, type Piece } from './log-index.js';
import { readHeaders } from './tail.js';

export interface CohortLogParts {
  readonly cluster: Cluster;
  /** Called before each message that is written. */
  readonly beforeWrite: (what: string) => void;
  /** Entries of messages that were read, by number of the message. */
  readonly bodies: LRUCache<number, readonly Uint8Array[]>;
}

/** So many missing messages are asked for one by one, more by a consumer, which takes three round trips to begin. */
const ONE_BY_ONE = 8;
/** Somebody else was first: so often it is tried again. Each time somebody's upload was stored. */
const ATTEMPTS = 200;
/** A message of a log never changes. */
const NEAR = { anywhere: true };
/** So many messages of marks are read when a log is opened; then they are made into one. */
const MARKS_KEPT = 256;

/**
 * The log of one cohort in JetStream: a message an upload, so that an upload is kept whole or not at all on servers
 * without transactions. A message is written only behind the one that its writer saw last
 * (`Nats-Expected-Last-Subject-Sequence`), so that positions have no gaps and what is known of a source is all there
 * is, whoever else writes; docs/decisions/0020-nats.md.
 */
export class CohortLog implements Log {
  readonly #parts: CohortLogParts;
  readonly #cohort: string;
  readonly #subject: { readonly log: string; readonly entry: string; readonly marks: string; readonly part: string };
  #index: LogIndex | undefined;
  #marks = 0;
  /** Writes of this process one after the other: side by side they would only make each other fail. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: CohortLogParts, cohort: string) {
    const { name } = parts.cluster;
    const token = tokenOf(cohort);
    this.#parts = parts;
    this.#cohort = cohort;
    const log = `${name}.log.${token}`;
    this.#subject = { log: `${log}.*`, entry: `${log}.entry`, marks: `${log}.marks`, part: `${name}.part.${token}` };
  }

  append(source: string, entries: readonly Entry[]): Promise<LogAppended> {
    return this.#inTurn(() => this.#append(source, entries));
  }

  async read(positions: readonly number[]): Promise<(Uint8Array | undefined)[]> {
    if (positions.length === 0) return [];
    const index = await this.#loaded();
    if (Math.max(...positions) >= index.end) await this.#catchUp(index);
    const pieces = positions.map((position) => index.pieceAt(position));
    const bodies = new Map<number, Promise<readonly Uint8Array[] | undefined>>();
    for (const piece of pieces) if (piece && !bodies.has(piece.seq)) bodies.set(piece.seq, this.#body(piece));
    return Promise.all(
      positions.map(async (position, i) => {
        const piece = pieces[i];
        return piece && (await bodies.get(piece.seq))?.[position - piece.first];
      }),
    );
  }

  async end(): Promise<number> {
    const { cluster } = this.#parts;
    const last = await cluster.get(cluster.logs, { last: this.#subject.entry });
    if (last === undefined) return 0;
    const [first, count] = [numberOf(last.header, 'Renorm-First'), numberOf(last.header, 'Renorm-Count')];
    if (first !== undefined && count !== undefined) return first + count;
    const index = await this.#loaded();
    await this.#catchUp(index);
    return index.end;
  }

  begin(at: number): Promise<void> {
    return this.#inTurn(() => this.#begin(at));
  }

  trim(before: number): Promise<void> {
    return this.#inTurn(() => this.#trim(before));
  }

  /** Somebody has written this: it need not be asked for any more. */
  heard(piece: Piece): void {
    this.#index?.add(piece);
  }

  /** Somebody has trimmed: whose entries have left the log is known here, where the log was read. */
  heardTrim(start: number, seq: number): void {
    this.#index?.mark({ start, sources: [] }, seq);
  }

  async #append(source: string, entries: readonly Entry[]): Promise<LogAppended> {
    const { cluster, beforeWrite } = this.#parts;
    const index = await this.#loaded();
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const known = index.sequenceOf(source);
      const fresh = entries.filter(({ sequence }) => sequence > known);
      const acknowledged = fresh.at(-1)?.sequence ?? known;
      const duplicates = entries.length - fresh.length;
      if (fresh.length === 0) return { acknowledged, duplicates, end: index.end };
      const bytes = pack({ entries: fresh.map((entry) => entry.bytes) });
      const parts = bytes.length > cluster.largest ? await this.#writeParts(bytes) : [];
      const piece = { first: index.end, count: fresh.length, source, sequence: acknowledged, parts };
      beforeWrite('entries');
      try {
        const seq = await cluster.publish({
          ...{ subject: this.#subject.entry, headers: pieceHeaders(piece), after: index.last },
          ...(parts.length === 0 && { bytes }),
        });
        index.add({ ...piece, seq });
        return { acknowledged, duplicates, end: piece.first + piece.count };
      } catch (error) {
        // It may be this upload itself, where an earlier acknowledgement was lost: then it counts as known.
        if (!isOutrun(error)) throw error;
        await this.#catchUp(index);
      }
    }
    throw new RenormError(
      'STORE_UNREACHABLE',
      `others were first ${ATTEMPTS} times in a row to write to cohort ${this.#cohort}; nothing of this was acknowledged. Spread its devices over fewer gateways.`,
    );
  }

  /** A message of no entries says where the first one goes. */
  async #begin(at: number): Promise<void> {
    const { cluster, beforeWrite } = this.#parts;
    const index = await this.#loaded();
    if (index.end > 0) throw notEmpty(this.#cohort);
    if (at === 0) return;
    const piece = { first: at, count: 0, source: '', sequence: 0, parts: [] };
    beforeWrite('begin');
    try {
      const message = { subject: this.#subject.entry, headers: pieceHeaders(piece), after: index.last };
      index.add({ ...piece, seq: await cluster.publish(message) });
    } catch (error) {
      throw isOutrun(error) ? notEmpty(this.#cohort) : error;
    }
  }

  /** A body that is too large for one message goes before it, and a trim takes it with it. */
  async #writeParts(bytes: Uint8Array): Promise<number[]> {
    const { cluster, beforeWrite } = this.#parts;
    const seqs: number[] = [];
    for (let at = 0; at < bytes.length; at += cluster.largest) {
      beforeWrite('part');
      const part = bytes.subarray(at, at + cluster.largest);
      seqs.push(await cluster.publish({ subject: this.#subject.part, bytes: part }));
    }
    return seqs;
  }

  async #body({ seq, parts }: Piece): Promise<readonly Uint8Array[] | undefined> {
    const { cluster, bodies } = this.#parts;
    const known = bodies.get(seq);
    if (known !== undefined) return known;
    const wanted = parts.length === 0 ? [seq] : parts;
    const read = await Promise.all(wanted.map((each) => cluster.get(cluster.logs, { seq: each }, NEAR)));
    const found = read.flatMap((message) => (message === undefined ? [] : [message.data]));
    if (found.length < wanted.length) return undefined;
    const where = `the upload ${seq} of cohort ${this.#cohort}`;
    const entries = Fields.unpack(
      found.length === 1 ? (found[0] as Uint8Array) : Buffer.concat(found),
      where,
    ).byteStrings('entries');
    bodies.set(seq, entries);
    return entries;
  }

  async #trim(before: number): Promise<void> {
    const { cluster, beforeWrite } = this.#parts;
    const index = await this.#loaded();
    const gone = index.before(before);
    if (gone.length === 0) return;
    const kept = index.after(gone);
    const isMarked = before <= index.start || (await this.#mark(index, before, gone));
    beforeWrite('purge');
    await cluster.purge(cluster.logs, this.#subject.entry, kept.seq);
    if (gone.some(({ parts }) => parts.length > 0))
      await cluster.purge(cluster.logs, this.#subject.part, index.firstPartFrom(kept));
    if (!isMarked) await this.#mark(index, before, gone);
    index.drop(kept.first);
    if (this.#marks > MARKS_KEPT) await this.#joinMarks(index);
  }

  /**
   * Keeps what is known of the sources that go.
   *
   * @returns false: the store is too full for that, before something has gone
   */
  async #mark(index: LogIndex, start: number, gone: readonly Piece[]): Promise<boolean> {
    const marks = { start, sources: index.leaving(gone) };
    this.#parts.beforeWrite('marks');
    try {
      index.mark(marks, await this.#writeMarks(marks));
      return true;
    } catch (error) {
      if (!(error instanceof RenormError) || error.code !== 'DISK_FULL') throw error;
      return false;
    }
  }

  async #writeMarks(marks: Marks): Promise<number> {
    const { cluster } = this.#parts;
    const seq = await cluster.publish({ subject: this.#subject.marks, ...marksMessage(marks) });
    this.#marks += 1 + Math.floor((MARKS_KEPT * marks.sources.length) / (2 * SOURCES_REMEMBERED));
    return seq;
  }

  /** The marks of many trims as one. */
  async #joinMarks(index: LogIndex): Promise<void> {
    const { cluster } = this.#parts;
    const seq = await this.#writeMarks({ start: index.start, sources: index.outside() });
    await cluster.purge(cluster.logs, this.#subject.marks, seq);
    this.#marks = 1;
  }

  async #loaded(): Promise<LogIndex> {
    if (this.#index !== undefined) return this.#index;
    const index = new LogIndex();
    await this.#readOn(index);
    this.#index ??= index;
    return this.#index;
  }

  /** Reads what was written behind what is known. */
  async #catchUp(index: LogIndex): Promise<void> {
    const { cluster } = this.#parts;
    for (let i = 0; i < ONE_BY_ONE; i++) {
      const next = await cluster.get(cluster.logs, { next: this.#subject.log, from: index.seen + 1 }, NEAR);
      if (next === undefined) return;
      if (next.subject === this.#subject.marks) index.mark(marksOf(next.data, this.#cohort), next.seq);
      else this.#take(index, pieceOf(next.header, next.seq), next.seq);
    }
    await this.#readOn(index);
  }

  async #readOn(index: LogIndex): Promise<void> {
    const { cluster } = this.#parts;
    const marks: number[] = [];
    const tail = { stream: cluster.logs, subject: this.#subject.log, from: index.seen + 1 };
    await readHeaders(cluster, tail, ({ subject, headers, seq }) => {
      if (subject === this.#subject.marks) marks.push(seq);
      else this.#take(index, pieceOf(headers, seq), seq);
    });
    const read = await Promise.all(marks.map((seq) => cluster.get(cluster.logs, { seq }, NEAR)));
    // Those that were joined meanwhile stand in a later one.
    for (const message of read) if (message !== undefined) index.mark(marksOf(message.data, this.#cohort), message.seq);
    this.#marks = Math.max(this.#marks, marks.length);
  }

  #take(index: LogIndex, piece: Piece | undefined, seq: number): void {
    if (piece === undefined) index.pass(seq);
    else if (!index.add(piece))
      throw damaged(`the log of cohort ${this.#cohort}`, `upload ${seq} does not follow the one before it`);
  }

  #inTurn<Value>(action: () => Promise<Value>): Promise<Value> {
    const turn = this.#last.then(action, action);
    this.#last = turn;
    return turn;
  }
}
