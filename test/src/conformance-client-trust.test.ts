import { test } from 'tap';
import { tryDevice } from './support/client-suite.js';

test('our device passes the cases on uploads and trust', async (t) => {
  const { results, failed, report } = await tryDevice(['Uploads', 'Trust']);
  t.ok(results.length >= 20);
  t.same(failed, [], report);
});
