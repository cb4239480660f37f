import { test } from 'tap';
import { RenormError } from './errors.js';
import { checkToken } from './token.js';

test('a token that cannot travel is refused without being shown', (t) => {
  for (const token of ['', 'secret secret', 'secret\nsecret', 'sécret', 's'.repeat(513), 'secret\u0000']) {
    try {
      checkToken(token, 'the token');
      t.fail(JSON.stringify(token));
    } catch (error) {
      t.ok(error instanceof RenormError && error.code === 'CREDENTIALS_UNREADABLE');
      t.notMatch(String(error), /s.cret/);
    }
  }
  t.equal(checkToken('!~aZ09', 'the token'), '!~aZ09');
  t.end();
});
