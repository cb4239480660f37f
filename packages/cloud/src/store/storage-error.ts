import { RenormError, reasonOf } from '@renorm/protocol';

/** ENOSPC, EDQUOT, EIO, and LMDB's own map limit. */
const CODES: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EIO', 5, 28, 122];
const FULL = /no space left|disk quota|input\/output error|MDB_MAP_FULL|mapsize/i;

/** What a failed read or write means to the caller. */
export function storageError(cause: unknown): unknown {
  const text = reasonOf(cause);
  const code = (cause as { code?: unknown } | undefined)?.code;
  if (cause instanceof RenormError || (!CODES.includes(code) && !FULL.test(text))) return cause;
  return new RenormError(
    'DISK_FULL',
    `the data folder's disk is full or failing (${text}); nothing of this was acknowledged. Free some space: devices send again by themselves.`,
    { cause },
  );
}

/** lmdb-js rejects with an error that promises the real one. */
export async function commitError(error: unknown): Promise<unknown> {
  const cause = (error as { commitError?: Promise<unknown> } | undefined)?.commitError;
  if (cause === undefined) return error;
  return cause.catch((real: unknown) => real);
}
