/** A frame of a camera is never larger; what is, is no JPEG stream. */
const MOST_BYTES = 64 * 2 ** 20;

const [SOI, EOI, SOS] = [0xd8, 0xd9, 0xda];
const isStandalone = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);

/**
 * Cuts a stream of bytes into the JPEG files in it, whatever stands between them: headers of
 * `multipart/x-mixed-replace`, or nothing. It walks along the markers (ISO/IEC 10918-1, annex B), for the thumbnail
 * inside a file ends with the same bytes as the file.
 */
export class JpegSplitter {
  #bytes = new Uint8Array();
  /** Where to look on: behind what is known of the file that begins at 0. */
  #at = 0;
  #state: 'between' | 'segments' | 'scan' = 'between';

  /** Takes the next bytes. @returns the files that are whole now. @throws RangeError: a file has no end */
  push(chunk: Uint8Array): Uint8Array[] {
    const joined = new Uint8Array(this.#bytes.length + chunk.length);
    joined.set(this.#bytes);
    joined.set(chunk, this.#bytes.length);
    this.#bytes = joined;
    const files: Uint8Array[] = [];
    for (let file = this.#next(); file !== undefined; file = this.#next()) files.push(file);
    if (this.#bytes.length > MOST_BYTES)
      throw new RangeError(`${MOST_BYTES} bytes came without the end of a JPEG file`);
    return files;
  }

  #next(): Uint8Array | undefined {
    for (;;) {
      if (this.#state === 'between' && !this.#findStart()) return undefined;
      const marker = this.#state === 'scan' ? this.#skipScan() : this.#marker();
      if (marker === undefined) return undefined;
      if (marker === EOI) return this.#cut();
      if (isStandalone(marker)) {
        this.#at += 2;
        continue;
      }
      const length = this.#lengthAt(this.#at + 2);
      if (length === undefined) return undefined;
      this.#at += 2 + length;
      this.#state = marker === SOS ? 'scan' : 'segments';
    }
  }

  #findStart(): boolean {
    const bytes = this.#bytes;
    for (let i = 0; i + 2 < bytes.length; i++) {
      if (bytes[i] !== 0xff || bytes[i + 1] !== SOI || bytes[i + 2] !== 0xff) continue;
      this.#bytes = bytes.slice(i);
      this.#at = 2;
      this.#state = 'segments';
      return true;
    }
    this.#bytes = bytes.slice(Math.max(0, bytes.length - 2));
    return false;
  }

  /**
   * The marker that stands here; undefined: not enough has come. What stands here is none: the file is damaged, and
   * another is looked for.
   */
  #marker(): number | undefined {
    // Any number of fill bytes may stand before a marker.
    while (this.#bytes[this.#at] === 0xff && this.#bytes[this.#at + 1] === 0xff) this.#at++;
    const [first, marker] = [this.#bytes[this.#at], this.#bytes[this.#at + 1]];
    if (first === undefined || marker === undefined) return undefined;
    if (first === 0xff && marker !== 0) return marker;
    this.#bytes = this.#bytes.slice(2);
    this.#state = 'between';
    return this.#findStart() ? this.#marker() : undefined;
  }

  /** The marker that ends the coded data; restart markers are in them, and 0xff is written as 0xff00. */
  #skipScan(): number | undefined {
    const bytes = this.#bytes;
    for (; this.#at + 1 < bytes.length; this.#at++) {
      const next = bytes[this.#at + 1] as number;
      if (bytes[this.#at] !== 0xff || next === 0 || next === 0xff || isStandalone(next)) continue;
      this.#state = 'segments';
      return next;
    }
    return undefined;
  }

  #lengthAt(at: number): number | undefined {
    const [high, low] = [this.#bytes[at], this.#bytes[at + 1]];
    // A length counts its own two bytes.
    return high === undefined || low === undefined ? undefined : Math.max(2, high * 256 + low);
  }

  #cut(): Uint8Array {
    const end = this.#at + 2;
    const file = this.#bytes.slice(0, end);
    this.#bytes = this.#bytes.slice(end);
    this.#at = 0;
    this.#state = 'between';
    return file;
  }
}
