import { mkdtempSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { publicKeyText, startCloud, tokenDigest, writeNextRoot, writeSecretKey } from '@renorm/cloud';
import { modelFacts, type Result, runServerSuite, SERVER_CASES, textReport } from '@renorm/conformance';
import { fromBinary, openRoot, SignedMessageSchema, webEd25519 } from '@renorm/protocol';
import { test } from 'tap';
import { repositoryPath } from './support/cloud-process.js';

const edgeModel = repositoryPath('models/fashion-edge.onnx');
const foundationModel = repositoryPath('models/fashion-foundation.onnx');
const folder = (): string => mkdtempSync(join(tmpdir(), 'renorm-conformance-test-'));
const failed = (results: readonly Result[]): readonly Result[] => results.filter(({ outcome }) => outcome === 'failed');
const facts = async () => modelFacts(await readFile(edgeModel), 'fashion-edge.onnx');

test('a cloud that signs and asks for tokens passes every case that can be tried', async (t) => {
  const files = folder();
  const path = (name: string): string => join(files, name);
  writeSecretKey(path('root.key'), new Uint8Array(32).fill(1));
  writeSecretKey(path('signing.key'), new Uint8Array(32).fill(2));
  writeFileSync(path('signing.pub'), await publicKeyText(path('signing.key')));
  const { file } = await writeNextRoot({
    ...{ roots: path('roots'), rootKey: path('root.key'), signing: [path('signing.pub')] },
    expiresAtMs: Date.now() + 86_400_000,
  });
  writeFileSync(path('tokens'), `${tokenDigest('a-token')} lobby\n`);
  const cloud = await startCloud({
    ...{ edgeModel, foundationModel, data: path('data'), port: 0, tokens: path('tokens') },
    web: { origins: ['https://app.example'] },
    // The suite's samples are random pixels: what they teach, no gate lets out. How much is learnt is not asked here.
    ...{ gate: 'none' as const, strategy: 'statistics' as const },
    signing: { key: path('signing.key'), roots: path('roots') },
  });
  t.teardown(() => cloud.close());
  const root = await openRoot(webEd25519, fromBinary(SignedMessageSchema, new Uint8Array(await readFile(file))));
  const target = { address: cloud.address, credentials: credentials.createInsecure(), token: 'a-token' };
  const setup = { target, model: await facts(), cohort: 'lobby', root };
  const results = await runServerSuite(setup);
  t.ok(results.length >= 51);
  t.same(failed(results), [], textReport(failed(results)));
  const skipped = results.filter(({ outcome }) => outcome === 'skipped').map(({ id }) => id);
  t.same(
    skipped,
    ['S-83', 'S-75', 'S-73'],
    'the model takes images; certificates are tried in the tests of the gateway',
  );
  // How versions come about is the same whoever asks: of these cases one says that they come.
  const only = SERVER_CASES.filter(({ id, group }) => group !== 'Watch' || id === 'S-50').map(({ id }) => id);
  const inBrowser = await runServerSuite({ ...setup, target: { ...target, protocol: 'grpc-web' } }, { only });
  t.same(failed(inBrowser), [], textReport(failed(inBrowser)));
  t.same(
    inBrowser.filter(({ outcome }) => outcome === 'skipped').map(({ id }) => id),
    ['S-83', 'S-73'],
  );
});

test('a cloud that lets anybody in fails the cases on tokens, and no other', async (t) => {
  const cloud = await startCloud({
    edgeModel,
    foundationModel,
    data: folder(),
    port: 0,
    gate: 'none',
    strategy: 'statistics',
  });
  t.teardown(() => cloud.close());
  const target = { address: cloud.address, credentials: credentials.createInsecure(), token: 'a-token' };
  const only = ['S-10', 'S-20', 'S-71', 'S-72'];
  const results = await runServerSuite({ target, model: await facts() }, { only });
  t.same(
    failed(results).map(({ id }) => id),
    ['S-71', 'S-72'],
  );
  t.match(textReport(results), /C-7: A cloud that asks for tokens MUST refuse/);
  t.match(textReport(results), /came: +an answer/);
});
