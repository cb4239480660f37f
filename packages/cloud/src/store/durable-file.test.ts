import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { createDurably, writeDurably } from './durable-file.js';

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
