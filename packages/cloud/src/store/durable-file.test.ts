import * as fs from 'node:fs';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'tap';
import { createDurably, type Disk, writeDurably } from './durable-file.js';

const folder = (): string => mkdtempSync(join(tmpdir(), 'renorm-durable-'));
const permissions = (path: string): number => statSync(path).mode & 0o777;

test('a file is replaced whole, is private, and leaves nothing beside it', (t) => {
  const at = folder();
  const path = join(at, 'facts.json');
  const umask = process.umask(0);
  t.teardown(() => process.umask(umask));
  writeDurably(path, 'a much longer text than the next');
  writeDurably(path, 'next');
  t.equal(readFileSync(path, 'utf8'), 'next');
  t.equal(permissions(path), 0o600);
  t.same(readdirSync(at), ['facts.json']);
  t.end();
});

test('a file that cannot be written stays as it was', (t) => {
  const at = folder();
  const path = join(at, 'facts.json');
  writeDurably(path, 'before');
  // A folder in the place of the file beside it: what a full disk does to a write, without one.
  mkdirSync(`${path}.new`);
  t.throws(() => writeDurably(path, 'after'));
  t.equal(readFileSync(path, 'utf8'), 'before');
  t.end();
});

test('a file that is made takes no other file’s place', (t) => {
  const at = folder();
  const path = join(at, 'key');
  createDurably(path, Uint8Array.of(1, 2, 3));
  t.same([...readFileSync(path)], [1, 2, 3]);
  t.throws(() => createDurably(path, 'other'), { code: 'EEXIST' });
  t.same([...readFileSync(path)], [1, 2, 3]);
  t.same(readdirSync(at), ['key']);
  writeFileSync(join(at, 'open'), '');
  t.end();
});

test('a file reaches the disk before its name does, and its name before the write is over', (t) => {
  const at = folder();
  for (const [write, naming] of [
    [writeDurably, 'rename'],
    [createDurably, 'link'],
  ] as const) {
    const names = new Map<number, string>();
    const done: string[] = [];
    const disk: Disk = {
      ...fs,
      openSync(path, flags, mode) {
        const fd = fs.openSync(path, flags, mode);
        names.set(fd, path === at ? 'folder' : 'file');
        return fd;
      },
      writeFileSync(fd, content) {
        fs.writeFileSync(fd, content);
        done.push('write');
      },
      fsyncSync(fd) {
        fs.fsyncSync(fd);
        done.push(`flush ${names.get(fd)}`);
      },
      renameSync(from, to) {
        fs.renameSync(from, to);
        done.push(`rename ${basename(String(to))}`);
      },
      linkSync(from, to) {
        fs.linkSync(from, to);
        done.push(`link ${basename(String(to))}`);
      },
    };
    write(join(at, naming), 'text', 0o600, disk);
    const folderToo = process.platform === 'win32' ? [] : ['flush folder'];
    t.same(done, ['write', 'flush file', `${naming} ${naming}`, ...folderToo]);
  }
  t.end();
});
