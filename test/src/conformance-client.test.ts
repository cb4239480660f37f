import { test } from 'tap';
import { deviceWith, tryDevice } from './support/client-suite.js';

test('our device passes the cases on sessions and versions', async (t) => {
  const { results, failed, report } = await tryDevice(['Session', 'Versions', 'Versions that have to be refused']);
  t.ok(results.length >= 20);
  t.same(failed, [], report);
});

test('a device that does not check signatures fails the cases on them, and no other', async (t) => {
  const { failed, report } = await tryDevice([], {
    command: deviceWith('RENORM_ROOT='),
    only: ['D-20', 'D-61', 'D-64', 'D-74'],
  });
  t.same(failed, ['D-61', 'D-64']);
  t.match(report, /T-3: It MUST refuse a version|T-3: A device with a root MUST refuse/);
});

test('a device that cannot be started is told as that', async (t) => {
  const { failed, report } = await tryDevice([], { command: 'echo no such thing; exit 3', only: ['D-10'] });
  t.same(failed, ['D-10']);
  t.match(report, /exit 3; it printed: no such thing/);
});
