import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** An input while it is decoded. */
export interface HeldInput {
  /** Its place among all inputs of the run. */
  readonly index: number;
  readonly bytes: Uint8Array;
}

const HEADER = 12;

/**
 * Where a process leaves every input before it decodes it: a file, which outlives the process and can be read from
 * outside.
 */
export class InputSlot {
  readonly #file: number;
  readonly #header = Buffer.alloc(HEADER);

  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  put(index: number, bytes: Uint8Array): void {
    this.#header.writeDoubleLE(index, 0);
    this.#header.writeUInt32LE(bytes.length, 8);
    writeSync(this.#file, bytes, 0, bytes.length, HEADER);
    writeSync(this.#file, this.#header, 0, HEADER, 0);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** The input that a process began last, or undefined before the first. */
export function heldInput(path: string): HeldInput | undefined {
  const content = readFileSync(path);
  if (content.length < HEADER) return undefined;
  const length = content.readUInt32LE(8);
  return { index: content.readDoubleLE(0), bytes: new Uint8Array(content.subarray(HEADER, HEADER + length)) };
}
