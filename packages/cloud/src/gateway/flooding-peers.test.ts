import { constants } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Test, test } from 'tap';
import { announcement, GatewayProcess, MIB, RawPeer, watching } from './raw-peer.test-support.js';

const skip = process.platform === 'linux' ? false : 'memory is read from /proc';
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const SETTINGS = 4;
const PING = 6;
const HEADERS = 1;
const CONTINUATION = 9;

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** HTTP/2 by hand: the preface and empty settings have been sent. Nothing that comes back is read. */
async function byHand(t: Test, port: number): Promise<Socket> {
  const socket = connectTcp({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  t.teardown(() => socket.destroy());
  socket.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, Buffer.alloc(0))]));
  return socket;
}

/** Writes until all is sent or the other side has had enough, a second at most where it no longer reads. */
async function flood(socket: Socket, bytes: Buffer, times: number): Promise<void> {
  for (let i = 0; i < times && !socket.destroyed; i++) {
    if (socket.write(bytes)) continue;
    const drained = new Promise((resolve) => socket.once('drain', resolve));
    const ended = new Promise((resolve) => socket.once('close', resolve));
    const waited = await Promise.race([drained, ended, sleep(1_000, 'stuck', { ref: false })]);
    if (waited === 'stuck') return;
  }
}

async function started(t: Test): Promise<{ gateway: GatewayProcess; served: () => Promise<void> }> {
  const gateway = await GatewayProcess.start({});
  const honest = new RawPeer(gateway.port);
  t.teardown(() => {
    honest.close();
    gateway.stop();
  });
  const served = async (): Promise<void> => {
    t.equal(await honest.call('Announce', announcement()), 'ok', 'who was connected is served');
    const other = new RawPeer(gateway.port);
    t.equal(await other.call('Announce', announcement()), 'ok', 'and so is a new one');
    other.close();
  };
  await served();
  return { gateway, served };
}

/** What one hostile connection may cost at the most: nghttp2's own buffers, and slack for the collector. */
const ONE_CONNECTION = 64 * MIB;

const FLOODS: Readonly<Record<string, readonly [Buffer, number]>> = {
  '100,000 pings': [Buffer.concat(Array.from({ length: 100 }, () => frame(PING, 0, 0, Buffer.alloc(8)))), 1_000],
  '100,000 settings': [
    Buffer.concat(Array.from({ length: 100 }, () => frame(SETTINGS, 0, 0, Buffer.from([0, 3, 0, 0, 0, 9])))),
    1_000,
  ],
  // A header without an end, in the way of CVE-2024-27983: literal fields without indexing, 100 bytes each.
  '100,000 continuations': [
    Buffer.concat([
      frame(HEADERS, 0, 1, literal(100)),
      ...Array.from({ length: 100 }, () => frame(CONTINUATION, 0, 1, literal(100))),
    ]),
    1_000,
  ],
};

function literal(length: number): Buffer {
  return Buffer.concat([Buffer.from([0, 1, 0x78, length]), Buffer.alloc(length, 0x61)]);
}

for (const [name, [bytes, times]] of Object.entries(FLOODS)) {
  test(`${name} that are not read back cost no memory and nobody else anything`, { skip }, async (t) => {
    const { gateway, served } = await started(t);
    const before = gateway.memory;
    await flood(await byHand(t, gateway.port), bytes, times);
    await served();
    t.ok(gateway.memory - before < ONE_CONNECTION, `${Math.round((gateway.memory - before) / MIB)} MiB more`);
  });
}

test('headers above the bound are refused', async (t) => {
  const { gateway, served } = await started(t);
  const peer = new RawPeer(gateway.port);
  t.equal(await peer.call('Announce', announcement(), { 'x-long': 'a'.repeat(20_000) }), 'MESSAGE_TOO_LARGE');
  t.equal(await peer.call('Announce', announcement(), { 'x-long': 'a'.repeat(100_000) }), 'reset');
  peer.close();
  await served();
});

test('3,000 streams that are begun and reset at once end the connection, or are passed over', { skip }, async (t) => {
  const { gateway, served } = await started(t);
  const before = gateway.memory;
  const peer = new RawPeer(gateway.port);
  for (let i = 0; i < 3_000 && !peer.session.destroyed; i++) {
    peer.begin('Upload').close(constants.NGHTTP2_CANCEL);
    if (i % 50 === 0) await sleep(1);
  }
  peer.close();
  await served();
  t.ok(gateway.memory - before < 2 * ONE_CONNECTION, `${Math.round((gateway.memory - before) / MIB)} MiB more`);
});

test('200 connections that are cut in the middle of a call leave nothing behind', async (t) => {
  const { gateway, served } = await started(t);
  for (let i = 0; i < 20; i++) {
    const peers = Array.from({ length: 10 }, () => new RawPeer(gateway.port));
    for (const peer of peers) {
      peer.begin('Upload').write(announcement().subarray(0, 20));
      peer.begin('Watch').end(watching());
    }
    await Promise.all(peers.map((peer) => new Promise((resolve) => peer.session.once('connect', resolve))));
    for (const peer of peers) peer.close();
  }
  await served();
  for (let i = 0; i < 400 && (await gateway.status()).connections > 1; i++) await sleep(25);
  t.match(await gateway.status(), { connections: 1, calls: 0, requestBytes: 0 });
});
