import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, SignedMessageSchema } from '@renorm/protocol';
import { test } from 'tap';
import { openFileMemory } from './file-memory.js';

const fresh = (): string => join(mkdtempSync(join(tmpdir(), 'renorm-memory-')), 'trust');
const key = new Uint8Array(32).fill(7);
const roots = [create(SignedMessageSchema, { message: Uint8Array.of(1, 2, 3) })];
const remembered = (newest: number) => ({ newest, vouchedBy: [key], roots });

async function written(path: string, ...numbers: number[]): Promise<void> {
  const { memory } = await openFileMemory(path);
  for (const newest of numbers) await memory.write(remembered(newest));
}

test('what was written last comes back, who vouched for it and the roots', async (t) => {
  const path = fresh();
  t.same((await openFileMemory(path)).recalled, { newest: 0, vouchedBy: [], roots: [] }, 'nothing at first');
  await written(path, 1, 2, 3);
  await written(path, 4);
  t.same((await openFileMemory(path)).recalled, remembered(4));
  t.notOk(existsSync(`${path}.new`));
});

test('one copy lost to a power failure: the other one holds, at most one version behind', async (t) => {
  for (const damage of ['', '\0'.repeat(300), '{"serial":3,"newest":3,"vou']) {
    for (const which of ['', '.2']) {
      const path = fresh();
      await written(path, 1, 2, 3);
      writeFileSync(`${path}${which}`, damage);
      const { recalled, memory } = await openFileMemory(path);
      t.equal(recalled.newest, which === '' ? 2 : 3, JSON.stringify(damage));
      t.equal(recalled.lost, undefined);
      await memory.write(remembered(4));
      t.equal((await openFileMemory(path)).recalled.newest, 4, 'the damaged copy is written over');
      t.match(readFileSync(`${path}${which}`, 'utf8'), /"newest":4/);
    }
  }
});

test('both copies lost: it says why, and begins anew', async (t) => {
  const path = fresh();
  writeFileSync(path, '');
  writeFileSync(`${path}.2`, '\0');
  const { recalled, memory } = await openFileMemory(path);
  t.match(recalled, { newest: 0, roots: [], lost: /trust is damaged \(it is empty\)/ });
  await memory.write(remembered(1));
  t.same((await openFileMemory(path)).recalled, remembered(1));
});

test('what is something else, or was changed by hand, is refused and left alone', async (t) => {
  const path = fresh();
  await written(path, 5);
  const whole = readFileSync(path, 'utf8');
  for (const text of ['two', '[]', '{"newest":-1,"roots":[]}', whole.replace('"newest":5', '"newest":4')]) {
    writeFileSync(path, text);
    await t.rejects(openFileMemory(path), { code: 'CREDENTIALS_UNREADABLE' }, text);
    t.equal(readFileSync(path, 'utf8'), text);
  }
});

test('a file of the first release is read', async (t) => {
  const path = fresh();
  writeFileSync(path, '{"newest":12,"roots":[]}\n');
  t.same((await openFileMemory(path)).recalled, { newest: 12, vouchedBy: [], roots: [] });
  await written(path, 13);
  t.equal((await openFileMemory(path)).recalled.newest, 13);
});
