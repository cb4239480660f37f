/** What a decoding process is to do. `file`: one recorded input in place of `to - from` chunks. */
export interface Assignment {
  readonly target: string;
  /** Module whose TARGETS it is in. Default: ours. */
  readonly module?: string;
  readonly seed: number;
  /** Numbers of chunks, each of `chunkSize` inputs; the last of them is cut at `inputs`. */
  readonly fromChunk: number;
  readonly inputs: number;
  /** Where it leaves each input before decoding it. */
  readonly slot: string;
  /** Megabytes of resident memory that the process may reach. */
  readonly memoryLimit: number;
  readonly file?: string;
}

/** What a decoding process found out. */
export type Report =
  | {
      readonly kind: 'chunk';
      readonly number: number;
      readonly inputs: number;
      readonly accepted: number;
      /** Milliseconds of the slowest input. */
      readonly slowest: number;
      /** Most resident memory so far, in MB. */
      readonly memory: number;
      /** An input that was neither taken nor refused with a code, reduced to the fewest mutations. */
      readonly finding?: { readonly bytes: Uint8Array; readonly why: string };
    }
  | { readonly kind: 'done' };

/** Inputs that are drawn from one seed. A run that has to start over does so at the next chunk. */
export const CHUNK_SIZE = 500;
