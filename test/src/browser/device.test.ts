import { mkdtempSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { publicKeyText, startCloud, writeNextRoot, writeSecretKey } from '@renorm/cloud';
import { openDevice } from '@renorm/edge/node';
import { readPage } from '@renorm/page';
import {
  encodeDelta,
  exportedVersion,
  seededRandom,
  toBinary,
  toHex,
  VersionSchema,
  type VersionState,
} from '@renorm/protocol';
import { chromium, type Page } from 'playwright-core';
import { type Test, test } from 'tap';
import { repositoryPath } from '../support/cloud-process.js';
import { findChromium } from './chromium.js';
import { ForgingProxy } from './forging-proxy.js';
import { type page as inPage, noise, tensorDigests } from './in-page.js';
import { bundled, PageServer } from './page-server.js';

const edgeModel = repositoryPath('models/fashion-edge.onnx');
const found = findChromium();
const PATIENCE = 1_200;

type InPage = typeof inPage;

const numberIn = (text: string | null): number => Number(/\d+/.exec(text ?? '')?.[0]);

/** Asks the page. */
function ask<Name extends keyof InPage>(
  page: Page,
  name: Name,
  ...args: Parameters<InPage[Name]>
): Promise<Awaited<ReturnType<InPage[Name]>>> {
  const call = `globalThis.page[${JSON.stringify(name)}](...${JSON.stringify(args)})`;
  return page.evaluate(call) as Promise<Awaited<ReturnType<InPage[Name]>>>;
}

async function until(page: Page, what: string, holds: (status: Awaited<ReturnType<InPage['status']>>) => boolean) {
  for (let i = 0; i < PATIENCE; i++) {
    const status = await ask(page, 'status');
    if (holds(status)) return status;
    await sleep(50);
  }
  throw new Error(`waited in vain for ${what}: ${JSON.stringify(await ask(page, 'status'))}`);
}

/** A cloud that signs, and the root that its devices trust. */
async function signingCloud(t: Test, origin: string) {
  const path = (
    (folder) => (name: string) =>
      join(folder, name)
  )(mkdtempSync(join(tmpdir(), 'renorm-browser-')));
  writeSecretKey(path('root.key'), new Uint8Array(32).fill(1));
  writeSecretKey(path('signing.key'), new Uint8Array(32).fill(2));
  writeFileSync(path('signing.pub'), await publicKeyText(path('signing.key')));
  const { file } = await writeNextRoot({
    ...{ roots: path('roots'), rootKey: path('root.key'), signing: [path('signing.pub')] },
    expiresAtMs: Date.now() + 86_400_000,
  });
  const bytes = new Uint8Array(await readFile(file));
  const files = new Map(await readPage());
  const setup = { cohort: 'page', pictures: true, trust: true };
  files.set('/page.json', { type: 'application/json', bytes: Buffer.from(JSON.stringify(setup)) });
  files.set('/edge.onnx', { type: 'application/octet-stream', bytes: new Uint8Array(await readFile(edgeModel)) });
  files.set('/root', { type: 'application/octet-stream', bytes });
  const cloud = await startCloud({
    ...{
      edgeModel,
      data: path('data'),
      port: 0,
      strategy: 'statistics',
      gate: 'none',
      threads: 1,
      web: { origins: [origin], files },
    },
    signing: { key: path('signing.key'), roots: path('roots') },
  });
  t.teardown(() => cloud.close());
  return { cloud, root: [...bytes] };
}

test('a device in Chromium', { skip: 'missing' in found && found.missing, timeout: 280_000 }, async (t) => {
  const server = await PageServer.start(await bundled());
  t.teardown(() => server.close());
  const { cloud, root } = await signingCloud(t, server.origin);
  const browser = await chromium.launch({ executablePath: 'path' in found ? found.path : '', args: ['--no-sandbox'] });
  t.teardown(() => browser.close());
  const openPage = async (before?: string): Promise<Page> => {
    const page = await browser.newPage();
    page.on('pageerror', (error) => t.fail(`the page failed: ${error.message}`));
    if (before !== undefined) await page.addInitScript(before);
    await page.goto(server.origin);
    await page.waitForFunction('globalThis.page !== undefined');
    return page;
  };
  const files = { model: `${server.origin}/models/fashion-edge.onnx`, wasmPaths: `${server.origin}/ort/` };
  const connected = { ...files, cloud: `http://${cloud.address}`, selection: 'everything', trust: root } as const;
  const page = await openPage();

  await t.test('makes the tensors of Node of the same pixels', async (t) => {
    t.same(await ask(page, 'tensorDigests', 40), tensorDigests(40));
  });

  await t.test('holds the digests of Node after 1,000 random deltas', async (t) => {
    const random = seededRandom(8);
    const exported = [12, 5].map((length) => Array.from({ length }, () => Math.fround(random() * 4 - 2)));
    let held: VersionState = exportedVersion(
      new Map(exported.map((values, i) => [`layer${i}/gamma`, Float32Array.from(values)])),
    );
    const deltas: string[] = [];
    const digests: string[] = [];
    for (let number = 1; number <= 1_000; number++) {
      const goal = new Map(
        exported.map((values, i) => [`layer${i}/gamma`, Float32Array.from(values, (value) => value + random() - 0.5)]),
      );
      const { version, decoded } = encodeDelta(held, goal, { publishedAtMs: number });
      held = decoded;
      deltas.push(toHex(toBinary(VersionSchema, version)));
      digests.push(toHex(decoded.digest));
    }
    t.same(await ask(page, 'deltaDigests', exported, deltas), digests);
  });

  await t.test('keeps its state in IndexedDB as a store has to', async (t) => {
    const failures = await page.evaluate(`(async () => {
      const [{ STORE_CONTRACT }, { openIndexedStore }] = await Promise.all([import('/store-contract.js'), import('/indexed-store.js')]);
      const failures = [];
      for (const [i, { name, run }] of STORE_CONTRACT.entries()) {
        const opened = [];
        const open = async () => {
          const { store } = await openIndexedStore('contract-' + i, 'device');
          opened.push(store);
          return store;
        };
        await run(open).catch((error) => failures.push(name + ': ' + error.message));
        for (const store of opened) await store.close();
      }
      return failures;
    })()`);
    t.same(failures, []);
  });

  await t.test('predicts what a device in Node predicts, in whatever form the picture comes', async (t) => {
    const node = await openDevice({ model: edgeModel, cloud: '127.0.0.1:9', cohort: 'lobby', selection: 'nothing' });
    const expected = [...(await node.infer(noise(40, 30, 5))).probabilities];
    await node.close();
    await ask(page, 'open', { ...files, cloud: 'http://127.0.0.1:9', cohort: 'lobby', selection: 'nothing' });
    const results = await ask(page, 'inferAll', 5);
    for (const [form, probabilities] of Object.entries(results)) {
      t.equal(probabilities.length, expected.length, form);
      const furthest = Math.max(...probabilities.map((p, i) => Math.abs(p - (expected[i] as number))));
      t.ok(furthest < 1e-5, `${form}: probabilities within ${furthest} of those of Node`);
    }
    await ask(page, 'close');
  });

  await t.test('uploads, and takes the versions that come of it', async (t) => {
    await ask(page, 'open', { ...connected, cohort: 'lobby' });
    t.equal(await ask(page, 'teach', 64, 100), 0);
    const status = await until(page, 'a version', ({ version }) => (version ?? 0) > 0);
    t.match(status, { connected: true, uploaded: 64, rootVersion: 1, errors: [] });
    t.ok((status.bytesUp ?? 0) > 64 && (status.bytesDown ?? 0) > 64, 'bytes were counted');
    const [lobby] = await cloud.status();
    t.match(lobby, { cohort: 'lobby' });
    await ask(page, 'close');
  });

  await t.test('refuses versions in which a byte was changed, in an older browser too', async (t) => {
    const proxy = await ForgingProxy.start(cloud.address);
    t.teardown(() => proxy.close());
    const forged = { ...connected, cloud: proxy.origin, cohort: 'lobby', selection: 'nothing' } as const;
    // Without Ed25519, as Chromium before 137.
    const older = await openPage(`
      const { subtle } = crypto;
      const importKey = subtle.importKey.bind(subtle);
      subtle.importKey = (format, key, algorithm, ...rest) => algorithm === 'Ed25519'
        ? Promise.reject(new DOMException('Unrecognized name.', 'NotSupportedError')) : importKey(format, key, algorithm, ...rest);`);
    for (const one of [page, older]) {
      await ask(one, 'open', forged);
      const status = await until(one, 'a refusal', ({ errors }) => errors.length > 0);
      t.equal(status.version, 0);
      t.match(status.errors[0], /^(SIGNATURE_INVALID|KEY_UNKNOWN|RESPONSE_INVALID)$/);
      await ask(one, 'close');
    }
    await ask(older, 'open', { ...connected, cohort: 'lobby', selection: 'nothing' });
    await until(older, 'a version that nobody touched', ({ version }) => (version ?? 0) > 0);
    await ask(older, 'close');
  });

  await t.test('shows both models on the page of the cloud, on a phone, by keyboard, to a screen reader', async (t) => {
    const shown = await browser.newPage({ viewport: { width: 400, height: 800 } });
    shown.on('pageerror', (error) => t.fail(`the page failed: ${error.message}`));
    await shown.goto(`http://${cloud.address}/`);
    await shown.locator('body[data-ready]').waitFor();
    await shown.focus('#rate');
    await shown.keyboard.press('End');
    await shown.focus('#fog');
    await shown.keyboard.press('End');
    t.equal(await shown.textContent('#fog + output'), '100');
    await shown.locator('#versions th').first().waitFor();
    await shown.locator('#adapting [data-part=version]', { hasText: /^version \d+$/ }).waitFor();
    t.equal(await shown.textContent('#plain [data-part=version]'), 'as exported');
    t.ok((await shown.locator('#uploads canvas').count()) > 0, 'what was uploaded is shown');
    await shown.evaluate('navigator.serviceWorker.ready.then(() => true)');
    const held = await shown.textContent('#adapting [data-part=version]');
    await shown.reload();
    await shown.locator('#adapting [data-part=version]', { hasText: /^version \d+$/ }).waitFor();
    t.ok(
      numberIn(await shown.textContent('#adapting [data-part=version]')) >= numberIn(held),
      'a reload goes on from there',
    );
    await shown.focus('#private');
    await shown.keyboard.press('Space');
    await shown.locator('#private-note').waitFor({ state: 'visible' });
    t.ok(Number(await shown.evaluate('document.documentElement.scrollWidth')) <= 400, 'nothing sticks out');
    const axe = await readFile(repositoryPath('test/node_modules/axe-core/axe.min.js'), 'utf8');
    for (const colorScheme of ['light', 'dark'] as const) {
      await shown.emulateMedia({ colorScheme });
      const faults = await shown.evaluate(
        `${axe};axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))`,
      );
      t.same(faults, [], `${colorScheme}: what axe finds`);
    }
    const last = await shown.textContent('#adapting [data-part=version]');
    await cloud.close();
    await shown.reload();
    await shown.locator('#state[data-connected=false]').waitFor();
    await shown.locator('#adapting [data-part=version]', { hasText: /^version \d+$/ }).waitFor();
    t.ok(numberIn(await shown.textContent('#adapting [data-part=version]')) >= numberIn(last), 'offline too');
    await shown.close();
  });
});
