import { test } from 'tap';
import { rolesOf } from './roles.js';

test('a cloud has one role or both', async (t) => {
  t.same(rolesOf(), ['gateway', 'trainer']);
  t.same(rolesOf(['trainer']), ['trainer']);
  for (const wrong of [[], ['trainr'], ['gateway', 'gateway'], ['']])
    t.throws(() => rolesOf(wrong), { code: 'REQUEST_INVALID', message: /gateway and trainer/ });
});
