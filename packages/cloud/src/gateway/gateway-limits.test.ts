import { mkdtempSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Test, test } from 'tap';
import { Gateway } from './gateway.js';
import { type GatewayLimits, gatewayLimits } from './gateway-limits.js';
import type { GatewaySetup } from './gateway-setup.js';
import { HeardDevices } from './heard-devices.js';
import { nullSetup } from './null-cohorts.test-support.js';
import { announcement, beginning, outcome, RawPeer, uploading, watching } from './raw-peer.test-support.js';
import { TokenAuthenticator, tokenDigest } from './token-authenticator.js';

interface Started {
  readonly gateway: Gateway;
  readonly port: number;
  peer(token?: string): RawPeer;
}

async function start(
  t: Test,
  limits: Partial<GatewayLimits> = {},
  setup: Partial<GatewaySetup> = {},
): Promise<Started> {
  const gateway = new Gateway(nullSetup(limits, setup));
  const port = await gateway.listen('127.0.0.1', 0);
  const peers: RawPeer[] = [];
  t.teardown(async () => {
    for (const peer of peers) peer.close();
    await gateway.close();
  });
  const peer = (token?: string): RawPeer => {
    const opened = new RawPeer(port, token);
    peers.push(opened);
    return opened;
  };
  return { gateway, port, peer };
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await holds()) return;
    await sleep(25);
  }
  throw new Error(`waited in vain for ${what}`);
}

test('a request that does not come in within its time is refused, and the connection stays of use', async (t) => {
  const { gateway, peer } = await start(t, { requestMs: 200 });
  const slow = peer();
  const stream = slow.begin('Upload');
  stream.write(beginning(1000, 10));
  t.equal(await outcome(stream), 'REQUEST_TIMEOUT');
  t.equal(await slow.call('Announce', announcement()), 'ok');
  t.match(gateway.status(), { refused: { REQUEST_TIMEOUT: 1 }, requestBytes: 0 });
});

test('a request that announces more than is taken is refused at its fifth byte', async (t) => {
  const { peer } = await start(t, { maxMessageBytes: 4096 });
  const stream = peer().begin('Upload');
  stream.write(beginning(4097, 0));
  t.equal(await outcome(stream), 'MESSAGE_TOO_LARGE');
});

test('streams of all connections together are bounded, and there is room again when one ends', async (t) => {
  const { gateway, peer } = await start(t, { maxStreams: 3 });
  const [one, two] = [peer(), peer()];
  const streams = [one, one, two].map((from) => {
    const stream = from.begin('Watch');
    stream.end(watching());
    return stream;
  });
  await until('three streams', () => gateway.status().calls === 3);
  t.equal(await two.call('Announce', announcement()), 'TOO_MANY_CALLS');
  streams[0]?.close();
  await until('room', () => gateway.status().calls === 2);
  t.equal(await two.call('Announce', announcement()), 'ok');
});

test('one connection too many is told so, and there is room again when another ends', async (t) => {
  const { gateway, peer } = await start(t, { maxConnections: 2 });
  const [one, two, three] = [peer(), peer(), peer()];
  t.equal(await one.call('Announce', announcement()), 'ok');
  t.equal(await two.call('Announce', announcement()), 'ok');
  t.equal(await three.call('Announce', announcement()), 'TOO_MANY_CONNECTIONS');
  await three.closed;
  one.close();
  await until('room', () => gateway.status().connections === 1);
  t.equal(await peer().call('Announce', announcement()), 'ok');
  t.match(gateway.status(), { connections: 2, refused: { TOO_MANY_CONNECTIONS: 1 } });
});

test('one address has its own bound on connections; a flood above it is cut off', async (t) => {
  const { gateway, port, peer } = await start(t, { maxConnectionsPerAddress: 2 });
  const known = peer();
  t.equal(await known.call('Announce', announcement()), 'ok');
  const flood = Array.from({ length: 300 }, () => connectTcp({ port, host: '127.0.0.1' }).on('error', () => undefined));
  t.teardown(() => {
    for (const socket of flood) socket.destroy();
  });
  await until('refusals', () => (gateway.status().refused.TOO_MANY_CONNECTIONS ?? 0) >= 299);
  t.ok(gateway.status().connections <= 2);
  t.equal(await known.call('Announce', announcement()), 'ok', 'who was there is served');
});

test('who sends nothing, half a preface, or calls that are refused, is let go of', async (t) => {
  const path = join(mkdtempSync(join(tmpdir(), 'renorm-tokens-')), 'tokens');
  writeFileSync(path, `${tokenDigest('right')} lobby\n`);
  const authenticator = new TokenAuthenticator(path, () => undefined);
  const { gateway, port, peer } = await start(t, { firstCallMs: 200 }, { authenticator });
  const known = peer('right');
  t.equal(await known.call('Announce', announcement()), 'ok');
  const silent = connectTcp({ port, host: '127.0.0.1' });
  const loris = connectTcp({ port, host: '127.0.0.1' });
  const dripping = setInterval(() => loris.write('P'), 50);
  for (const socket of [silent, loris]) socket.on('error', () => undefined);
  const stranger = peer('wrong');
  const guesses = Promise.all(Array.from({ length: 50 }, () => stranger.call('Announce', announcement())));
  t.ok((await guesses).every((end) => end === 'UNAUTHENTICATED'));
  await until('only the known one', () => gateway.status().connections === 1);
  clearInterval(dripping);
  await stranger.closed;
  t.equal(await known.call('Announce', announcement()), 'ok');
});

test('a guesser of tokens is cut off after a hundred guesses', async (t) => {
  const path = join(mkdtempSync(join(tmpdir(), 'renorm-tokens-')), 'tokens');
  writeFileSync(path, `${tokenDigest('right')} lobby\n`);
  const authenticator = new TokenAuthenticator(path, () => undefined);
  const { gateway, peer } = await start(t, {}, { authenticator });
  const guesser = peer('wrong');
  let guesses = 0;
  while (!guesser.session.destroyed && guesses < 1_000) {
    await guesser.call('Announce', announcement());
    guesses++;
  }
  t.ok(guesses <= 101, `${guesses} guesses`);
  await until('the end', () => gateway.status().connections === 0);
});

test('an idle connection is closed, one with a stream is not', async (t) => {
  const { peer } = await start(t, { maxIdleMs: 200 });
  const [idle, busy] = [peer(), peer()];
  t.equal(await idle.call('Announce', announcement()), 'ok');
  const stream = busy.begin('Watch');
  stream.end(watching());
  await idle.closed;
  await sleep(300);
  t.notOk(stream.closed);
  t.equal(await busy.call('Announce', announcement()), 'ok');
});

test('an old connection is closed, its streams are ended with success', async (t) => {
  const { peer } = await start(t, { maxConnectionAgeMs: 300 });
  const old = peer();
  const stream = old.begin('Watch');
  stream.end(watching());
  t.equal(await outcome(stream), 'ok');
  await old.closed;
});

test('a stream of versions ends when its token is taken away, and nobody else\u2019s does', async (t) => {
  const path = join(mkdtempSync(join(tmpdir(), 'renorm-tokens-')), 'tokens');
  const [line, other] = ['stolen', 'kept'].map((token) => `${tokenDigest(token)} lobby\n`);
  writeFileSync(path, `${line}${other}`);
  const { peer } = await start(t, {}, { authenticator: new TokenAuthenticator(path, () => undefined) });
  const [thief, honest] = [peer('stolen').begin('Watch'), peer('kept').begin('Watch')];
  for (const stream of [thief, honest]) stream.end(watching());
  const ended = outcome(thief);
  await new Promise((resolve) => honest.once('response', resolve));
  writeFileSync(path, `${other}`);
  t.equal(await ended, 'UNAUTHENTICATED');
  t.notOk(honest.closed);
  t.equal(await peer('stolen').call('Announce', announcement()), 'UNAUTHENTICATED');
});

test('a token that is moved to another cohort ends the streams of the one before', async (t) => {
  const path = join(mkdtempSync(join(tmpdir(), 'renorm-tokens-')), 'tokens');
  writeFileSync(path, `${tokenDigest('moved')} lobby\n`);
  const { peer } = await start(t, {}, { authenticator: new TokenAuthenticator(path, () => undefined) });
  const stream = peer('moved').begin('Watch');
  stream.end(watching());
  const ended = outcome(stream);
  await new Promise((resolve) => stream.once('response', resolve));
  writeFileSync(path, `${tokenDigest('moved')} cellar\n`);
  t.equal(await ended, 'PERMISSION_DENIED');
});

test('devices and cohorts that were only announced are forgotten, those heard of longest ago first', (t) => {
  const heard = new HeardDevices({ maxCohorts: 20, maxDevicesPerCohort: 30 });
  for (let i = 0; i < 2_000; i++) heard.add(`cohort-${i}`, 'cam');
  for (let i = 0; i < 2_000; i++) heard.add('cohort-1990', `cam-${i}`);
  t.equal(heard.cohorts().length, 20);
  t.equal(heard.count('cohort-1990'), 30);
  t.equal(heard.count('cohort-0'), 0);
  t.end();
});

test('cohorts with samples are bounded, and a new one is refused by every method', async (t) => {
  const { gateway, peer } = await start(t, { maxCohorts: 20 });
  const one = peer();
  for (let i = 0; i < 20; i++) t.equal(await one.call('Upload', uploading(1, `cohort-${i}`)), 'ok');
  t.equal(await one.call('Upload', uploading(1, 'cohort-20')), 'TOO_MANY_COHORTS');
  t.equal(await one.call('Announce', announcement('cohort-21')), 'TOO_MANY_COHORTS');
  t.equal(await one.call('Watch', watching('cohort-22')), 'TOO_MANY_COHORTS');
  t.equal(await one.call('Upload', uploading(1, 'cohort-7', 'cam', 2)), 'ok', 'a cohort that there is goes on');
  t.match(gateway.status(), { refused: { TOO_MANY_COHORTS: 3 } });
});

test('a limit that is no whole number from 1 on is refused', async (t) => {
  for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
    t.throws(() => gatewayLimits({ maxConnections: value }), { code: 'REQUEST_INVALID', message: /maxConnections/ });
});
