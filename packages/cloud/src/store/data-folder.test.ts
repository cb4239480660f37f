import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { claimFolder } from './data-folder.js';

const models = { edgeModel: 'aa', foundationModel: 'bb' };
const folder = (): string => mkdtempSync(join(tmpdir(), 'renorm-data-'));

test('a folder is made, claimed, and given back', async (t) => {
  const path = join(folder(), 'deep', 'state');
  const release = claimFolder(path, models);
  t.throws(() => claimFolder(path, models), { code: 'DATA_IN_USE', message: new RegExp(`process ${process.pid}`) });
  release();
  claimFolder(path, models)();
});

test('a claim of a process that has ended does not hold', async (t) => {
  const path = folder();
  claimFolder(path, models)();
  writeFileSync(join(path, 'owner.json'), JSON.stringify({ pid: process.pid, started: '1' }));
  t.doesNotThrow(() => claimFolder(path, models)());
});

test('a folder that cannot be written is named', async (t) => {
  const file = join(folder(), 'file');
  writeFileSync(file, '');
  t.throws(() => claimFolder(join(file, 'state'), models), {
    code: 'DATA_NOT_WRITABLE',
    message: /Name another folder/,
  });
});

test('a folder of a newer release is left alone', async (t) => {
  const path = folder();
  const facts = JSON.stringify({ format: 2, ...models });
  writeFileSync(join(path, 'renorm.json'), facts);
  t.throws(() => claimFolder(path, models), { code: 'DATA_FORMAT_NEWER', message: /format 2.*knows up to 1/ });
  t.equal(readFileSync(join(path, 'renorm.json'), 'utf8'), facts);
});

test('a folder of other models is refused', async (t) => {
  const path = folder();
  claimFolder(path, models)();
  t.throws(() => claimFolder(path, { ...models, foundationModel: 'cc' }), {
    code: 'DATA_OTHER_MODEL',
    message: /foundation model bb, this one is cc/,
  });
});
