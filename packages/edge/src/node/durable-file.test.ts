import { mkdtempSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'tap';
import { type Disk, writeDurably } from './durable-file.js';

test('a file reaches the disk before its name does, and its name before the write is over', async (t) => {
  const at = mkdtempSync(join(tmpdir(), 'renorm-durable-'));
  const done: string[] = [];
  const disk: Disk = {
    async open(path, flags, mode) {
      const file = await open(path, flags, mode);
      const name = path === at ? 'folder' : basename(String(path));
      const sync = file.sync.bind(file);
      file.sync = async () => {
        await sync();
        done.push(`flush ${name}`);
      };
      return file;
    },
    async rename(from, to) {
      await rename(from, to);
      done.push(`rename to ${basename(String(to))}`);
    },
  };
  await writeDurably(join(at, 'memory'), 'what must not be forgotten', disk);
  t.same(done, ['flush memory.new', 'rename to memory', ...(process.platform === 'win32' ? [] : ['flush folder'])]);
  t.equal(readFileSync(join(at, 'memory'), 'utf8'), 'what must not be forgotten');
});
