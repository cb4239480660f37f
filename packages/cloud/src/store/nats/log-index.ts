import { SOURCES_REMEMBERED } from '../store.js';

/** One message of a cohort's log: an upload, or as much of it as was new. */
export interface Piece {
  /** Of the message in its stream. */
  readonly seq: number;
  /** Position of its first entry, and how many it has. */
  readonly first: number;
  readonly count: number;
  readonly source: string;
  /** The highest sequence of the source in it. */
  readonly sequence: number;
  /** Messages that hold its body, where it was too large for one. */
  readonly parts: readonly number[];
}

/** Sources that left the log with a trim: as [source, sequence, position], the one heard of last at the end. */
export interface Marks {
  /** Positions before it were given up. */
  readonly start: number;
  readonly sources: readonly (readonly [string, number, number])[];
}

interface Heard {
  readonly sequence: number;
  readonly position: number;
}

/**
 * What a cohort's messages say when they are read in order: which message has which position, and what was heard of
 * whom. Every process that reads the same messages knows the same.
 */
export class LogIndex {
  /** Of the last message read, whatever it was. */
  seen = 0;
  /** Of the last message of the log: what the next one has to follow. */
  last = 0;
  #pieces: Piece[] = [];
  #start = 0;
  /** Of the last marks that were taken in. */
  #marked = 0;
  #sources = new Map<string, Heard>();

  /** Position behind the newest entry. */
  get end(): number {
    const newest = this.#pieces.at(-1);
    return newest === undefined ? 0 : newest.first + newest.count;
  }

  /** Positions before it were given up by the last trim that was heard of. */
  get start(): number {
    return this.#start;
  }

  /** The highest sequence kept of a source; 0: nothing is known of it. */
  sequenceOf(source: string): number {
    return this.#sources.get(source)?.sequence ?? 0;
  }

  /** Takes in the next message of the log. @returns false: messages before it are missing, and it was not taken */
  add(piece: Piece): boolean {
    if (piece.seq <= this.last) return true;
    if (this.#pieces.length > 0 && piece.first !== this.end) return false;
    this.#pieces.push(piece);
    this.last = piece.seq;
    this.seen = Math.max(this.seen, piece.seq);
    if (piece.count === 0) return true;
    this.#sources.delete(piece.source);
    this.#sources.set(piece.source, { sequence: piece.sequence, position: piece.first + piece.count - 1 });
    this.#forget();
    return true;
  }

  /**
   * Takes note of a message that is none of the log, whoever put it there: the next one has to follow it all the same.
   */
  pass(seq: number): void {
    this.last = Math.max(this.last, seq);
    this.seen = Math.max(this.seen, seq);
  }

  /** Takes in what a trim left behind. */
  mark({ start, sources }: Marks, seq: number): void {
    // Who writes them hears of them too.
    if (seq <= this.#marked) return;
    this.#marked = seq;
    this.seen = Math.max(this.seen, seq);
    let isNew = false;
    for (const [source, sequence, position] of sources) {
      if (this.sequenceOf(source) >= sequence) continue;
      this.#sources.set(source, { sequence, position });
      isNew = true;
    }
    // Before this trim the last one had ended: what that gave up is gone.
    this.drop(Math.min(this.#start, start));
    this.#start = Math.max(this.#start, start);
    if (isNew) this.#sort();
    this.#forget();
  }

  /** The piece with a position, where there is one. */
  pieceAt(position: number): Piece | undefined {
    let [low, high] = [0, this.#pieces.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const piece = this.#pieces[middle] as Piece;
      if (piece.first + piece.count <= position) low = middle + 1;
      else high = middle;
    }
    const piece = this.#pieces[low];
    return piece !== undefined && piece.first <= position ? piece : undefined;
  }

  /**
   * Pieces that hold nothing at or behind a position, oldest first. The newest stays whatever is asked: its number is
   * the log's end.
   */
  before(position: number): Piece[] {
    const count = this.#pieces.findIndex((piece) => piece.first + piece.count > position);
    return this.#pieces.slice(0, Math.min(count < 0 ? this.#pieces.length : count, this.#pieces.length - 1));
  }

  /** The oldest that is not `before`. */
  after(dropped: readonly Piece[]): Piece {
    return this.#pieces[dropped.length] as Piece;
  }

  /** The first message that a body of the rest is in, bodies of several messages too. */
  firstPartFrom(piece: Piece): number {
    const rest = this.#pieces.slice(this.#pieces.indexOf(piece));
    return rest.reduce((first, { parts }) => Math.min(first, ...parts), piece.seq);
  }

  /** Forgets the pieces that hold nothing at or behind a position: they are gone. */
  drop(position: number): void {
    const gone = this.before(position).length;
    if (gone > 0) this.#pieces = this.#pieces.slice(gone);
  }

  /** The sources whose last entry is in these pieces: with them they leave the log. */
  leaving(pieces: readonly Piece[]): Marks['sources'] {
    const positions = new Set(pieces.map(({ first, count }) => first + count - 1));
    return this.#listed(({ position }) => positions.has(position)).slice(-SOURCES_REMEMBERED);
  }

  /** All that are remembered without an entry in the log. */
  outside(): Marks['sources'] {
    const from = this.#pieces[0]?.first ?? 0;
    return this.#listed(({ position }) => position < from);
  }

  #listed(which: (heard: Heard) => boolean): Marks['sources'] {
    return [...this.#sources].flatMap(([source, heard]) =>
      which(heard) ? [[source, heard.sequence, heard.position] as const] : [],
    );
  }

  /** Marks are read behind entries that came later: the one heard of last stands at the end all the same. */
  #sort(): void {
    this.#sources = new Map([...this.#sources].sort(([, a], [, b]) => a.position - b.position));
  }

  #forget(): void {
    if (this.#sources.size <= SOURCES_REMEMBERED) return;
    for (const [source, { position }] of this.#sources) {
      if (this.#sources.size <= SOURCES_REMEMBERED || position >= this.#start) return;
      this.#sources.delete(source);
    }
  }
}
