import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { readSecretFile } from './secret-file.js';

test('a secret that others can read is not taken', { skip: process.platform === 'win32' }, (t) => {
  const path = join(mkdtempSync(join(tmpdir(), 'renorm-secret-')), 'key');
  writeFileSync(path, 'secret');
  for (const mode of [0o644, 0o640, 0o604, 0o622, 0o660, 0o777]) {
    chmodSync(path, mode);
    t.throws(() => readSecretFile(path, 'the key'), { code: 'CREDENTIALS_EXPOSED', message: /the key .*chmod 600/ });
  }
  for (const mode of [0o600, 0o400, 0o700]) {
    chmodSync(path, mode);
    t.equal(readSecretFile(path, 'the key').toString(), 'secret');
  }
  t.throws(() => readSecretFile('/nowhere', 'the key'), { code: 'CREDENTIALS_UNREADABLE', message: /nowhere/ });
  t.end();
});
