import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import { LmdbChanges } from './lmdb-changes.js';
import { openTables, Writer } from './lmdb-tables.js';
import { append, CHANGES_KEPT } from './lmdb-writes.js';
import type { Change } from './store.js';

test('who slept through more changes than are noted looks at everything', async (t) => {
  const path = join(mkdtempSync(join(tmpdir(), 'renorm-changes-')), 'store');
  const tables = openTables(path);
  const changes = new LmdbChanges(tables, path);
  t.teardown(async () => {
    changes.close();
    await tables.root.close();
  });
  const writer = new Writer(() => undefined);
  const write = (cohort: string, sequence: number) =>
    append(tables, writer, cohort, 'a', [{ sequence, bytes: Uint8Array.of(1) }]);
  const heard: Change[] = [];
  changes.watch((change) => heard.push(change));
  // In one turn, so that nobody looks in between.
  tables.root.transactionSync(() => {
    write('first', 1);
    for (let i = 1; i <= CHANGES_KEPT; i++) write('busy', i);
  });
  for (let i = 0; i < 400 && heard.length === 0; i++) await sleep(25);
  t.same(
    heard.sort((a, b) => (a.cohort < b.cohort ? -1 : 1)),
    [
      { cohort: 'busy', what: 'log', at: CHANGES_KEPT },
      { cohort: 'first', what: 'log', at: 1 },
    ],
  );
  t.equal(tables.changes.getKeysCount(), CHANGES_KEPT, 'notes do not pile up');
});
