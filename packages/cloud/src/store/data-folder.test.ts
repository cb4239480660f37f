import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { test } from 'tap';
import { claimFolder, storeFolder } from './data-folder.js';

const models = { edgeModel: 'aa', foundationModel: 'bb' };
const folder = (): string => mkdtempSync(join(tmpdir(), 'renorm-data-'));
const facts = (path: string): string => join(path, 'renorm.json');
const data = (path: string): string => join(storeFolder(path), 'data.mdb');

/** A folder whose store holds something that was acknowledged. */
async function usedFolder(): Promise<string> {
  const path = folder();
  const claim = claimFolder(path, models);
  await fill(path);
  claim.storeOpened(false);
  claim.release();
  return path;
}

async function fill(path: string): Promise<void> {
  const root = open({ path: storeFolder(path), overlappingSync: false });
  for (let i = 0; i < 20; i++) await root.put(i, Buffer.alloc(2_000, i));
  await root.close();
}

test('a folder is made, claimed, and given back', async (t) => {
  const path = join(folder(), 'deep', 'state');
  const claim = claimFolder(path, models);
  t.throws(() => claimFolder(path, models), { code: 'DATA_IN_USE', message: new RegExp(`process ${process.pid} on `) });
  claim.release();
  const again = claimFolder(path, models);
  t.same(again.repaired, []);
  again.release();
});

test('gateway and trainer may be two processes, but not two of one kind', async (t) => {
  const path = folder();
  const gateway = claimFolder(path, models, ['gateway']);
  t.throws(() => claimFolder(path, models, ['gateway']), { code: 'DATA_IN_USE', message: /\(gateway\)/ });
  t.throws(() => claimFolder(path, models), { code: 'DATA_IN_USE' });
  const trainer = claimFolder(path, models, ['trainer']);
  await fill(path);
  gateway.storeOpened(true);
  trainer.storeUsed();
  gateway.storeUsed();
  t.match(JSON.parse(readFileSync(facts(path), 'utf8')), { store: 'used' });
  gateway.release();
  trainer.release();
  claimFolder(path, models).release();
});

test('a trainer that joins a folder which a gateway opened leaves the digest of its foundation model there', async (t) => {
  const path = folder();
  const { edgeModel } = models;
  const gateway = claimFolder(path, { edgeModel }, ['gateway']);
  await fill(path);
  gateway.storeOpened(true);
  claimFolder(path, models, ['trainer']).release();
  gateway.storeUsed();
  t.match(JSON.parse(readFileSync(facts(path), 'utf8')), { ...models, store: 'used' });
  const other = { edgeModel, foundationModel: 'cc' };
  t.throws(() => claimFolder(path, other, ['trainer']), { code: 'DATA_OTHER_MODEL' });
  gateway.release();
});

test('whatever the umask and whatever the folder allowed, its owner alone may read it', async (t) => {
  const umask = process.umask(0);
  t.teardown(() => process.umask(umask));
  const path = folder();
  chmodSync(path, 0o777);
  mkdirSync(storeFolder(path), { mode: 0o777 });
  const claim = claimFolder(path, models);
  await fill(path);
  claim.storeUsed();
  claim.release();
  t.equal(statSync(path).mode & 0o777, 0o700);
  t.equal(statSync(storeFolder(path)).mode & 0o777, 0o700);
  const files = [path, storeFolder(path)].flatMap((at) => readdirSync(at).map((name) => join(at, name)));
  const readable = files.filter((file) => statSync(file).isFile() && (statSync(file).mode & 0o077) !== 0);
  t.ok(files.includes(data(path)));
  t.same(readable, []);
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
  const text = JSON.stringify({ format: 99, ...models });
  writeFileSync(facts(path), text);
  t.throws(() => claimFolder(path, models), { code: 'DATA_FORMAT_NEWER', message: /format 99.*knows up to/ });
  t.equal(readFileSync(facts(path), 'utf8'), text);
});

test('a folder of other models is refused; a foundation model may come later, and stay away', async (t) => {
  const path = folder();
  claimFolder(path, { edgeModel: 'aa' }).release();
  claimFolder(path, models).release();
  claimFolder(path, { edgeModel: 'aa' }).release();
  t.throws(() => claimFolder(path, { ...models, foundationModel: 'cc' }), {
    code: 'DATA_OTHER_MODEL',
    message: /foundation model bb, this one is cc/,
  });
  t.throws(() => claimFolder(path, { edgeModel: 'dd' }), { code: 'DATA_OTHER_MODEL', message: /edge model aa/ });
});

test('a renorm.json that was cut is written again where no store is there, or a whole one', async (t) => {
  for (const text of ['', '\0\0\0\0', '{"format": 1, "edge', 'null', '[]', '{}']) {
    const fresh = folder();
    writeFileSync(facts(fresh), text);
    const claim = claimFolder(fresh, models);
    t.match(claim.repaired, [/^renorm\.json .*written again/], JSON.stringify(text));
    claim.release();
    const used = await usedFolder();
    writeFileSync(facts(used), text);
    claimFolder(used, models).release();
    t.match(JSON.parse(readFileSync(facts(used), 'utf8')), { ...models, store: 'made' });
    truncateSync(data(used), 5_000);
    writeFileSync(facts(used), text);
    t.throws(() => claimFolder(used, models), {
      code: 'DATA_DAMAGED',
      message: /renorm\.json .* and .*data\.mdb is cut off/,
    });
  }
});

test('a store that is empty, cut or gone is never taken for a new one', async (t) => {
  const damages: [RegExp, (path: string) => void][] = [
    [/data\.mdb is empty/, (path) => truncateSync(data(path))],
    [/data\.mdb is cut off/, (path) => truncateSync(data(path), 3 * 4096)],
    [/begins with zeros/, (path) => writeFileSync(data(path), new Uint8Array(20 * 4096))],
    [/data\.mdb is missing/, (path) => rmSync(data(path))],
    [/data\.mdb is missing/, (path) => rmSync(storeFolder(path), { recursive: true })],
  ];
  for (const [message, damage] of damages) {
    const path = await usedFolder();
    damage(path);
    const before = existsSync(data(path)) && readFileSync(data(path));
    t.throws(() => claimFolder(path, models), { code: 'DATA_DAMAGED', message });
    t.throws(() => claimFolder(path, models), { code: 'DATA_DAMAGED', message }, 'and again');
    t.same(existsSync(data(path)) && readFileSync(data(path)), before, 'nothing was changed');
  }
});

test('a whole store without anything in it is not the one that held samples', async (t) => {
  const path = await usedFolder();
  rmSync(data(path));
  await open({ path: storeFolder(path), overlappingSync: false }).close();
  const claim = claimFolder(path, models);
  t.throws(() => claim.storeOpened(true), { code: 'DATA_DAMAGED', message: /store is empty/ });
  claim.release();
});

test('a store that was never finished is made again: nothing had been acknowledged', async (t) => {
  const path = folder();
  claimFolder(path, models).release();
  writeFileSync(data(path), new Uint8Array(4096));
  const claim = claimFolder(path, models);
  t.match(claim.repaired, [/never finished/]);
  claim.release();
  t.equal(statSync(data(path)).size, 0);
});
