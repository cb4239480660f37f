// Reads all of the database in a folder and writes some more; run as a process, because a damaged one may end it by a
// signal.
import { open } from 'lmdb';

const root = open({ path: process.argv[2] ?? '', maxDbs: 8, overlappingSync: false });
for (const name of ['entries', 'marks'])
  for (const { value } of root.openDB<unknown>({ name }).getRange()) if (value === undefined) process.exit(1);
const entries = root.openDB<Buffer>({ name: 'entries' });
for (let i = 0; i < 50; i++) await entries.put(['new', i], Buffer.alloc(3_000));
await root.close();
