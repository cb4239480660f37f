import { RenormError } from '@renorm/protocol';
import { test } from 'tap';
import { commitError, storageError } from './storage-error.js';

test('a full or failing disk has a name', async (t) => {
  const full = { code: 'DISK_FULL' };
  t.match(storageError(Object.assign(new Error('No space left on device'), { code: 28 })), full);
  t.match(storageError(Object.assign(new Error('Input/output error'), { code: 5 })), full);
  t.match(storageError(new Error('MDB_MAP_FULL: Environment mapsize limit reached')), full);
  const other = new Error('something else');
  t.equal(storageError(other), other);
  const told = new RenormError('CONFLICT', 'no space left for two');
  t.equal(storageError(told), told);
});

test('what lmdb-js promises to say later is waited for', async (t) => {
  const cause = Object.assign(new Error('No space left on device'), { code: 28 });
  const failed = Object.assign(new Error('Commit failed (see commitError for details)'), {
    commitError: Promise.reject(cause),
  });
  t.equal(await commitError(failed), cause);
  t.equal(await commitError(cause), cause);
});
