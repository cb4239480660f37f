import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { type ChannelCredentials, Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import {
  AnnounceRequestSchema,
  adaptationService,
  create,
  encodeSample,
  errorFromGrpc,
  exportedVersion,
  fromBinary,
  keyIdOf,
  openRoot,
  openVersion,
  type RenormError,
  SignedMessageSchema,
  signRoot,
  toBinary,
  UploadRequestSchema,
  VersionSchema,
  WatchRequestSchema,
  type WatchResponse,
  webEd25519,
} from '@renorm/protocol';
import { grpcDefinition } from '@renorm/protocol/node';
import { type Test, test } from 'tap';
import { writeSecretKey } from '../trust/key-file.js';
import { Signer } from '../trust/signer.js';
import {
  AUTHORITY,
  FIRST_CERTIFICATE,
  FIRST_KEY,
  SECOND_CERTIFICATE,
  SECOND_KEY,
} from './certificates.test-support.js';
import { Gateway } from './gateway.js';
import { GATEWAY_LIMITS } from './gateway-limits.js';
import type { GatewayCohorts, GatewaySetup } from './gateway-setup.js';
import { ReloadedCertificates } from './tls.js';
import { TokenAuthenticator, tokenDigest } from './token-authenticator.js';

const definition = grpcDefinition(adaptationService);
const edgeDigest = new Uint8Array(32).fill(6);
const exported = new Map([['bn/gamma', Float32Array.of(1, 2)]]);
const latest = { ...exportedVersion(new Map([['bn/gamma', Float32Array.of(3, 4)]])), number: 7, publishedAtMs: 5 };
const shape = [1, 4, 4];
const folder = (): string => mkdtempSync(join(tmpdir(), 'renorm-trust-'));

/** A store that keeps nothing; an upload takes as long as `pause` says. */
const cohorts = (pause = 0): GatewayCohorts => ({
  names: async () => [],
  standing: async () => ({ received: 0, trained: 0, version: latest }),
  append: async ({ samples }) => {
    await sleep(pause);
    return { acknowledged: samples.at(-1)?.sequence ?? 0, duplicates: 0 };
  },
  latest: async () => latest,
  versionsAfter: async () => [],
  watch: () => () => undefined,
});

async function start(t: Test, setup: Partial<GatewaySetup> = {}): Promise<number> {
  const gateway = new Gateway({
    ...{ cohorts: cohorts(), edgeDigest, exported, sampleShape: shape, limits: GATEWAY_LIMITS },
    onAnnounced: () => undefined,
    onUploaded: () => undefined,
    onError: () => undefined,
    ...setup,
  });
  t.teardown(() => gateway.close());
  return gateway.listen('127.0.0.1', 0);
}

interface Caller {
  announce(cohort?: string): Promise<string>;
  upload(samples: number, change?: object): Promise<string>;
  watch(): Promise<WatchResponse>;
  /** The first messages of a stream. */
  watchFor(count: number): Promise<WatchResponse[]>;
}

/** Each call comes out as 'ok' or as the code of its error. */
function caller(
  t: Test,
  port: number,
  token?: string,
  security: ChannelCredentials = credentials.createInsecure(),
): Caller {
  const client = new Client(`127.0.0.1:${port}`, security, { 'grpc.use_local_subchannel_pool': 1 });
  t.teardown(() => client.close());
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  const device = (cohort: string) => ({ id: 'cam', cohort, modelDigest: edgeDigest });
  const running = { number: 0n, digest: exportedVersion(exported).digest };
  const outcome = (call: (done: (error: ServiceError | null) => void) => void): Promise<string> =>
    new Promise((resolve) => call((error) => resolve(error === null ? 'ok' : errorFromGrpc(error).code)));
  return {
    announce(cohort = 'lobby') {
      const { path, requestSerialize, responseDeserialize } = definition.announce;
      const request = create(AnnounceRequestSchema, { device: device(cohort), running });
      return outcome((done) =>
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, done),
      );
    },
    upload(count, change = {}) {
      const { path, requestSerialize, responseDeserialize } = definition.upload;
      const one = { ...encodeSample({ data: new Float32Array(16), shape }), entropy: 0.5, ...change };
      const samples = Array.from({ length: count }, (_, i) => ({ ...one, sequence: BigInt(i + 1) }));
      const request = create(UploadRequestSchema, { device: device('lobby'), session: new Uint8Array(16), samples });
      return outcome((done) =>
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, done),
      );
    },
    async watch() {
      return (await this.watchFor(1))[0] as WatchResponse;
    },
    watchFor(count) {
      const { path, requestSerialize, responseDeserialize } = definition.watch;
      const request = create(WatchRequestSchema, { device: device('lobby'), running });
      const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata);
      const responses: WatchResponse[] = [];
      return new Promise((resolve, reject) => {
        stream.on('data', (response: WatchResponse) => {
          if (responses.push(response) < count) return;
          resolve(responses);
          stream.cancel();
        });
        stream.on('error', (error) => reject(errorFromGrpc(error)));
      });
    },
  };
}

test('a device writes to the cohort of its token and to no other; a changed file of tokens is read', async (t) => {
  const path = join(folder(), 'tokens');
  writeFileSync(path, `# doors\n${tokenDigest('open-sesame')} lobby\n`);
  const problems: RenormError[] = [];
  const port = await start(t, { authenticator: new TokenAuthenticator(path, (problem) => problems.push(problem)) });
  t.equal(await caller(t, port, 'open-sesame').announce(), 'ok');
  t.equal(await caller(t, port, 'open-sesame').announce('cellar'), 'PERMISSION_DENIED');
  t.equal(await caller(t, port, 'guess').announce(), 'UNAUTHENTICATED');
  t.equal(await caller(t, port).announce(), 'UNAUTHENTICATED');
  t.equal(await caller(t, port).upload(1), 'UNAUTHENTICATED');
  await t.rejects(caller(t, port).watch(), { code: 'UNAUTHENTICATED' });
  writeFileSync(path, `${tokenDigest('new')} lobby\n`);
  t.equal(await caller(t, port, 'open-sesame').announce(), 'UNAUTHENTICATED', 'taken away');
  t.equal(await caller(t, port, 'new').announce(), 'ok');
  writeFileSync(path, 'new lobby\n');
  t.equal(await caller(t, port, 'new').announce(), 'ok', 'a damaged file changes nothing');
  t.match(problems, [{ code: 'CREDENTIALS_UNREADABLE', message: /line 1/ }]);
  t.throws(() => new TokenAuthenticator('/nowhere', () => undefined), { code: 'CREDENTIALS_UNREADABLE' });
});

test('over a limit is an error for that peer only', async (t) => {
  const limits = { ...GATEWAY_LIMITS, maxSamplesPerUpload: 4, maxMessageBytes: 4096, maxCallsPerPeer: 2 };
  const port = await start(t, { limits, cohorts: cohorts(300) });
  const hostile = caller(t, port);
  const honest = caller(t, port);
  const bomb = encodeSample({ data: new Float32Array(100_000), shape: [1, 1000, 100] }).data;
  t.equal(await hostile.upload(5), 'REQUEST_INVALID', 'samples in a batch');
  t.equal(await hostile.upload(1, { shape: [1, 4096, 4096] }), 'SAMPLE_INVALID', 'pixels in a sample');
  t.equal(await hostile.upload(1, { data: bomb }), 'SAMPLE_INVALID', 'decompressed size');
  t.equal(await hostile.upload(1, { data: new Uint8Array(8192) }), 'MESSAGE_TOO_LARGE', 'message size');
  const flood = Promise.all(Array.from({ length: 6 }, () => hostile.upload(1)));
  t.equal(await honest.upload(1), 'ok', 'the other peer is served meanwhile');
  t.same((await flood).sort(), [...Array(4).fill('TOO_MANY_CALLS'), 'ok', 'ok'], 'batches in flight');
  t.equal(await hostile.upload(1), 'ok', 'and so is this one afterwards');
});

test('what is sent is signed by a key that the root names', async (t) => {
  const roots = folder();
  const key = join(roots, 'signing.pem');
  const [rootSecret, secret] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  writeSecretKey(key, secret);
  t.throws(() => writeSecretKey(key, secret), { code: 'CREDENTIALS_UNREADABLE' }, 'a key is not overwritten');
  const role = async (bytes: Uint8Array) => ({ keys: [await webEd25519.publicKeyOf(bytes)], threshold: 1 });
  const named = { version: 1, expiresAtMs: 4e12, root: await role(rootSecret), signing: await role(secret) };
  const signedRoot = await signRoot(webEd25519, named, [rootSecret]);
  writeFileSync(join(roots, '1.root'), toBinary(SignedMessageSchema, signedRoot));
  const problems: RenormError[] = [];
  const signer = new Signer({ key, roots }, (problem) => problems.push(problem));
  t.same(await signer.rootsAfter(0), []);
  t.same(await signer.rootsAfter(1), []);
  const port = await start(t, { signer });
  const receiver = {
    root: await openRoot(webEd25519, signedRoot),
    modelDigest: edgeDigest,
    cohort: 'lobby',
    nowMs: Date.now(),
  };
  const held = exportedVersion(exported);
  const { version } = await openVersion(webEd25519, await caller(t, port).watch(), { ...receiver, held, newest: 0 });
  t.equal(version.number, 7n);
  t.throws(() => new Signer({ key: '/nowhere', roots }, () => undefined), { code: 'CREDENTIALS_UNREADABLE' });
  const signers = async () => (await caller(t, port).watch()).signedVersion?.signatures.map(({ keyId }) => keyId);
  writeFileSync(key, 'half a key');
  t.same(await signers(), [keyIdOf(await webEd25519.publicKeyOf(secret))], 'a damaged key is not taken');
  t.match(problems, [{ code: 'CREDENTIALS_UNREADABLE', message: /signing.pem/ }]);
  rmSync(key);
  writeSecretKey(key, rootSecret);
  t.same(await signers(), [keyIdOf(await webEd25519.publicKeyOf(rootSecret))], 'a new key needs no restart');
});

test('a device that holds the newest version hears of it again, signed anew, before what it holds expires', async (t) => {
  const roots = folder();
  const key = join(roots, 'signing.pem');
  writeSecretKey(key, new Uint8Array(32).fill(2));
  const port = await start(t, { signer: new Signer({ key, roots, validityMs: 300 }, () => undefined) });
  const responses = await caller(t, port).watchFor(4);
  const versions = responses.map(({ signedVersion }) =>
    fromBinary(VersionSchema, signedVersion?.message ?? new Uint8Array()),
  );
  t.same(new Set(versions.map(({ number }) => number)), new Set([7n]));
  for (const [i, version] of versions.slice(1).entries()) {
    const before = versions[i]?.expiresAtMs ?? 0n;
    t.ok(
      version.expiresAtMs > before && version.expiresAtMs < before + 300n,
      'later, and sent before the one of before expired',
    );
  }
});

/** The name in the certificate that a server shows. */
const shown = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ca: AUTHORITY, ALPNProtocols: ['h2'] }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on('error', reject);
  });

test('certificates are read again when they change, once both files fit', async (t) => {
  const at = folder();
  const files = { certificate: join(at, 'tls.crt'), key: join(at, 'tls.key') };
  const replace = (path: string, text: string): void => {
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };
  replace(files.certificate, FIRST_CERTIFICATE);
  replace(files.key, FIRST_KEY);
  const problems: RenormError[] = [];
  const certificates = new ReloadedCertificates(files, (problem) => problems.push(problem), 20);
  const port = await start(t, { tls: certificates });
  const secure = () => credentials.createSsl(Buffer.from(AUTHORITY));
  t.equal(await caller(t, port, undefined, secure()).announce(), 'ok');
  t.equal(await shown(port), 'first');
  replace(files.certificate, SECOND_CERTIFICATE);
  while (problems.length === 0) await sleep(20);
  t.equal(await shown(port), 'first', 'a certificate without its key is not taken');
  replace(files.key, SECOND_KEY);
  for (let i = 0; i < 100 && (await shown(port)) === 'first'; i++) await sleep(20);
  t.equal(await shown(port), 'second');
  t.match(problems, [{ code: 'CREDENTIALS_UNREADABLE' }]);
  t.equal(await caller(t, port, undefined, secure()).announce(), 'ok');
  t.equal(await caller(t, port).announce(), 'TLS_MISMATCH', 'not in the clear, and it says why');
});

test('mutual TLS: a device without a certificate of the authority is not let in', async (t) => {
  const at = folder();
  const write = (name: string, text: string): string => {
    writeFileSync(join(at, name), text, { mode: 0o600 });
    return join(at, name);
  };
  const clientAuthority = write('ca.crt', AUTHORITY);
  const files = { certificate: write('tls.crt', FIRST_CERTIFICATE), key: write('tls.key', FIRST_KEY), clientAuthority };
  const port = await start(t, { tls: new ReloadedCertificates(files, () => undefined) });
  const [ca, key, certificate] = [AUTHORITY, SECOND_KEY, SECOND_CERTIFICATE].map((text) => Buffer.from(text));
  t.equal(await caller(t, port, undefined, credentials.createSsl(ca, key, certificate)).announce(), 'ok');
  t.equal(await caller(t, port, undefined, credentials.createSsl(ca)).announce(), 'CLOUD_UNREACHABLE');
  t.throws(() => new ReloadedCertificates({ ...files, key: files.certificate }, () => undefined), {
    code: 'CREDENTIALS_UNREADABLE',
  });
});
