import { mkdtempSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { request as requestHttps } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Test, test } from 'tap';
import { AUTHORITY, FIRST_CERTIFICATE, FIRST_KEY } from './certificates.test-support.js';
import { Gateway } from './gateway.js';
import type { GatewayLimits } from './gateway-limits.js';
import type { GatewaySetup } from './gateway-setup.js';
import { nullSetup } from './null-cohorts.test-support.js';
import { announcement, beginning, outcome, RawPeer, uploading, watching } from './raw-peer.test-support.js';
import { ReloadedCertificates } from './tls.js';
import { TokenAuthenticator, tokenDigest } from './token-authenticator.js';

const PAGE = 'https://app.example';
const WEB = { 'content-type': 'application/grpc-web+proto' };
const path = (method: string): string => `/renorm.v1.AdaptationService/${method}`;

async function start(t: Test, limits: Partial<GatewayLimits> = {}, setup: Partial<GatewaySetup> = {}) {
  const gateway = new Gateway(nullSetup(limits, { origins: [PAGE], ...setup }));
  const port = await gateway.listen('127.0.0.1', 0);
  t.teardown(() => gateway.close());
  const call = (method: string, body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path(method)}`, {
      method: 'POST',
      body: new Uint8Array(body),
      headers: { ...WEB, ...headers },
    });
  return { gateway, port, call };
}

/** The trailers at the end of a body, as lines. */
function trailersOf(body: Buffer): string {
  let at = 0;
  while (at < body.length && body.readUInt8(at) !== 0x80) at += 5 + body.readUInt32BE(at + 1);
  return body.subarray(at + 5).toString();
}

const ended = async (response: Response): Promise<string> => trailersOf(Buffer.from(await response.arrayBuffer()));

/** What comes back on a socket until it holds something, or ends. */
function raw(t: Test, port: number, text: string | Buffer, until: RegExp): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  let all = '';
  socket.write(text);
  return new Promise((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      all += chunk.toString('latin1');
      if (until.test(all)) resolve(all);
    });
    socket.on('close', () => resolve(all));
    socket.on('error', () => resolve(all));
  });
}

const head = (method: string, more = ''): string =>
  `POST ${path(method)} HTTP/1.1\r\nhost: cloud\r\ncontent-type: application/grpc-web\r\n${more}\r\n`;

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (holds()) return;
    await sleep(25);
  }
  throw new Error(`waited in vain for ${what}`);
}

test('a page is answered over HTTP/1.1: its browser asks first, and may show it the answer', async (t) => {
  const { port, call } = await start(t);
  const asked = { origin: PAGE, 'access-control-request-method': 'POST' };
  const preflight = await fetch(`http://127.0.0.1:${port}${path('Announce')}`, { method: 'OPTIONS', headers: asked });
  t.equal(preflight.status, 204);
  t.equal(preflight.headers.get('access-control-allow-origin'), PAGE);
  t.match(preflight.headers.get('access-control-allow-headers'), /authorization.*grpc-timeout.*x-grpc-web/);
  const answer = await call('Announce', announcement(), { origin: PAGE });
  t.equal(answer.status, 200);
  t.equal(answer.headers.get('access-control-allow-origin'), PAGE);
  t.equal(answer.headers.get('vary'), 'origin');
  const body = Buffer.from(await answer.arrayBuffer());
  t.equal(body.readUInt8(0), 0, 'a message');
  t.ok(body.readUInt32BE(1) > 32, 'with a digest in it');
  t.match(trailersOf(body), /^grpc-status: 0\r\n$/);
});

test('a page of another origin is refused before anything else is looked at, and counted', async (t) => {
  const { gateway, call } = await start(t);
  const answer = await call('Announce', announcement(), { origin: 'https://other.example' });
  t.equal(answer.status, 403);
  t.equal(answer.headers.get('access-control-allow-origin'), null);
  t.equal((await answer.arrayBuffer()).byteLength, 0);
  t.match(gateway.status().refused, { ORIGIN_NOT_ALLOWED: 1 });
  t.equal((await call('Announce', announcement())).status, 200, 'a program, which has no origin, is served');
  for (const origin of ['app.example', 'https://app.example/', 'https://app.example/page', ''])
    t.throws(() => new Gateway(nullSetup({}, { origins: [origin] })), { code: 'REQUEST_INVALID' }, origin);
});

test('a cloud that was not told of pages takes gRPC alone', async (t) => {
  const gateway = new Gateway(nullSetup());
  const port = await gateway.listen('127.0.0.1', 0);
  t.teardown(() => gateway.close());
  t.match(await raw(t, port, head('Announce'), /web-origins/), /^HTTP\/1\.1 505 .*--web-origins/s);
  const peer = new RawPeer(port);
  t.teardown(() => peer.close());
  const stream = peer.begin('Announce', WEB);
  const status = new Promise((resolve) => stream.on('response', (headers) => resolve(headers[':status'])));
  stream.end(announcement());
  t.equal(await status, 415);
});

test('without a token a call is refused from its headers, over HTTP/1.1 too', async (t) => {
  const file = join(mkdtempSync(join(tmpdir(), 'renorm-web-')), 'tokens');
  writeFileSync(file, `${tokenDigest('a-token')} lobby\n`);
  const { gateway, port, call } = await start(t, {}, { authenticator: new TokenAuthenticator(file, () => undefined) });
  const begun = `${head('Upload', 'content-length: 1000000\r\n')}begun`;
  t.match(await raw(t, port, begun, /grpc-status/), /grpc-status: 16\r\ngrpc-message: UNAUTHENTICATED/);
  t.equal(gateway.status().requestBytes, 0);
  const wrong = await ended(await call('Announce', announcement('elsewhere'), { authorization: 'Bearer a-token' }));
  t.match(wrong, /PERMISSION_DENIED/);
  t.match(await ended(await call('Announce', announcement(), { authorization: 'Bearer a-token' })), /status: 0/);
});

test('the bounds are those of gRPC: size of a message, time of a request, headers, streams of a connection', async (t) => {
  const limits = { maxMessageBytes: 4096, requestMs: 300, maxHeaderBytes: 2048, maxStreamsPerPeer: 3 };
  const { gateway, port, call } = await start(t, limits);
  const chunked = (bytes: Buffer): Buffer =>
    Buffer.concat([
      Buffer.from(`${head('Upload', 'transfer-encoding: chunked\r\n')}${bytes.length.toString(16)}\r\n`),
      bytes,
      Buffer.from('\r\n'),
    ]);
  t.match(await raw(t, port, chunked(beginning(4097, 0)), /grpc-message/), /MESSAGE_TOO_LARGE/, 'at its fifth byte');
  t.match(await raw(t, port, chunked(beginning(1000, 10)), /grpc-message/), /REQUEST_TIMEOUT/);
  const large = await call('Announce', announcement(), { 'x-large': 'a'.repeat(1800) });
  t.match(await ended(large), /MESSAGE_TOO_LARGE.*maxHeaderBytes/);
  t.match(await raw(t, port, head('Announce', `x: ${'a'.repeat(4096)}\r\n`), /\r\n\r\n/), /^HTTP\/1\.1 431 /);
  const watch = Buffer.concat([Buffer.from(head('Watch', `content-length: ${watching().length}\r\n`)), watching()]);
  await raw(t, port, Buffer.concat([watch, watch, watch, watch, watch]), /HTTP/);
  await until('five streams in a row on one connection', () => gateway.status().refused.TOO_MANY_CALLS === 2);
  await until('no request held', () => gateway.status().requestBytes === 0);
  t.match(gateway.status().refused, { MESSAGE_TOO_LARGE: 2, REQUEST_TIMEOUT: 1, TOO_MANY_CALLS: 2 });
});

test('a stream brings versions over HTTP/1.1, and is gone when its page is', async (t) => {
  const { gateway, call } = await start(t);
  const response = await call('Watch', watching());
  const reader = response.body?.getReader();
  t.equal((await reader?.read())?.value?.[0], 0, 'a message');
  t.equal(gateway.status().calls, 1);
  await reader?.cancel();
  await until('the stream gone', () => gateway.status().calls === 0);
});

test('a stream that nobody reads is cut when the connection is, and holds up nobody', async (t) => {
  const { gateway, port, call } = await start(t, { firstCallMs: 400, maxIdleMs: 400 });
  t.equal(await raw(t, port, 'P', /never/), '', 'who begins and says no more is cut off');
  t.match(await raw(t, port, 'POST / HTTP/1.1\r\nho', /never/), /^$|^HTTP\/1\.1 4/);
  t.match(await ended(await call('Upload', uploading(3))), /status: 0/);
  await until('idle connections closed', () => gateway.status().connections === 0);
});

test('with TLS the same is there over HTTP/2 and HTTP/1.1, and without it a page is told', async (t) => {
  const files = mkdtempSync(join(tmpdir(), 'renorm-web-tls-'));
  const [certificate, key] = [join(files, 'certificate.pem'), join(files, 'key.pem')];
  writeFileSync(certificate, FIRST_CERTIFICATE);
  writeFileSync(key, FIRST_KEY, { mode: 0o600 });
  const { port, call } = await start(t, {}, { tls: new ReloadedCertificates({ certificate, key }, () => undefined) });
  t.match(await ended(await call('Announce', announcement())), /TLS_MISMATCH/);
  const one = requestHttps({
    port,
    host: '127.0.0.1',
    ca: AUTHORITY,
    servername: 'localhost',
    method: 'POST',
    path: path('Announce'),
    headers: WEB,
  });
  const body = new Promise<Buffer>((resolve) => {
    one.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks)));
    });
  });
  one.end(announcement());
  t.match(trailersOf(await body), /grpc-status: 0/);
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca: AUTHORITY, servername: 'localhost' });
  t.teardown(() => session.destroy());
  const begin = (headers: Readonly<Record<string, string>>) =>
    session.request({ ':method': 'POST', ':path': path('Announce'), te: 'trailers', ...headers });
  const web = begin(WEB);
  const chunks: Buffer[] = [];
  web.on('data', (chunk: Buffer) => chunks.push(chunk));
  web.end(announcement());
  await new Promise((resolve) => web.on('close', resolve));
  t.match(trailersOf(Buffer.concat(chunks)), /grpc-status: 0/);
  const grpc = begin({ 'content-type': 'application/grpc' });
  grpc.end(announcement());
  t.equal(await outcome(grpc), 'ok', 'gRPC beside it, on the same connection');
});
