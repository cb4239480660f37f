import { type ErrorCode, RenormError, reasonOf } from '@renorm/protocol';

/** Bytes, or where they are. */
export type Source = Uint8Array | ArrayBuffer | Blob | string | URL;

/** Whether a value is one. */
export const isSource = (value: unknown): value is Source =>
  value instanceof Uint8Array ||
  value instanceof ArrayBuffer ||
  value instanceof Blob ||
  value instanceof URL ||
  typeof value === 'string';

/**
 * The bytes of a source, a copy.
 *
 * @param what in errors
 * @throws RenormError with `code`
 */
export async function readSource(source: Source, what: string, code: ErrorCode): Promise<Uint8Array<ArrayBuffer>> {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) return new Uint8Array(source).slice();
  try {
    if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
    const response = await fetch(source);
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    const name = source instanceof Blob ? what : `${what} ${String(source)}`;
    throw new RenormError(code, `${name} cannot be read (${reasonOf(cause)}); see that it is there.`, { cause });
  }
}
