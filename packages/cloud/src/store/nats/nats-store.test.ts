import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { test } from 'tap';
import { storeContract } from '../contract.test-support.js';
import { type Change, UNNAMED_KEPT_MS } from '../store.js';
import { NatsStore } from './nats-store.js';
import { NatsServer, whyNoNats } from './server.test-support.js';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const entry = (sequence: number) => ({ sequence, bytes: bytes(sequence, 7) });

if (whyNoNats !== undefined) test('the store on NATS', { skip: whyNoNats }, async () => undefined);
else {
  const server = await NatsServer.start();
  let stores = 0;
  const nextUrl = (): string => `nats://${server.address}/store-${++stores}`;

  storeContract('nats', async (hooks) => {
    const url = nextUrl();
    const opened = [await NatsStore.open(url, hooks), await NatsStore.open(url, hooks)];
    const close = async (): Promise<void> => {
      for (const store of opened.splice(0)) await store.close();
    };
    const [store, other] = opened as [NatsStore, NatsStore];
    return {
      ...{ store, other, close },
      sweep: () => store.sweep(),
      async reopen() {
        await close();
        opened.push(await NatsStore.open(url, hooks));
        return opened[0] as NatsStore;
      },
    };
  });

  test('a server that is killed is waited for: what it acknowledged is there, what it did not is told, and watchers miss nothing', async (t) => {
    const url = nextUrl();
    const [store, other] = [await NatsStore.open(url), await NatsStore.open(url)];
    t.teardown(() => Promise.all([store.close(), other.close()]));
    const heard: Change[] = [];
    other.watch((change) => heard.push(change));
    t.match(await store.log('lobby').append('a', [entry(1)]), { end: 1 });
    await server.kill();
    await t.rejects(store.log('lobby').append('a', [entry(2)]), {
      code: 'STORE_UNREACHABLE',
      message: /nats:.*nothing of this was acknowledged/,
    });
    await server.start();
    for (;;) {
      const again = await store
        .log('lobby')
        .append('a', [entry(2)])
        .catch((error: { code?: string }) => error);
      if ('end' in again) {
        t.match(again, { acknowledged: 2, end: 2 }, 'whether or not the lost one came through');
        break;
      }
      t.equal(again.code, 'STORE_UNREACHABLE');
      await sleep(50);
    }
    t.same(await other.log('lobby').read([0, 1, 2]), [bytes(1, 7), bytes(2, 7), undefined]);
    while (!heard.some(({ what, at }) => what === 'log' && at === 2)) await sleep(20);
  });

  test('uploads and blobs that are larger than a message of this server are kept whole, and go whole', async (t) => {
    const time = { now: 1 };
    const store = await NatsStore.open(nextUrl(), { now: () => time.now });
    t.teardown(() => store.close());
    const large = (fill: number): Uint8Array => new Uint8Array(2_500_000).fill(fill);
    const log = store.log('lobby');
    await log.append('a', [
      { sequence: 1, bytes: large(1) },
      { sequence: 2, bytes: large(2) },
    ]);
    await log.append('a', [{ sequence: 3, bytes: large(3) }]);
    const [first, , third] = await log.read([0, 1, 2]);
    t.ok(first?.length === 2_500_000 && first.every((byte) => byte === 1) && third?.[9] === 3);
    const blob = await store.blobs.put(large(9));
    await log.trim(2);
    time.now += UNNAMED_KEPT_MS;
    await store.sweep();
    t.equal(await store.blobs.get(blob), undefined);
    const { cluster } = store;
    t.same(await cluster.subjects(cluster.state, `${cluster.name}.chunk.*.*`), [], 'no chunk is left');
    t.ok(
      (await log.read([2]))[0]?.every((byte) => byte === 3),
      'what was not trimmed is whole',
    );
  });

  test('a store that is full says so and keeps what it has; with room it goes on', async (t) => {
    const store = await NatsStore.open(nextUrl());
    t.teardown(() => store.close());
    const { cluster } = store;
    const streams = (await jetstreamManager(cluster.connection)).streams;
    // As an operator bounds it.
    await streams.update(cluster.logs, { max_bytes: 2_000_000 });
    let kept = 0;
    const append = () => store.log('lobby').append('a', [{ sequence: kept + 1, bytes: new Uint8Array(300_000) }]);
    const full = async (): Promise<unknown> => {
      for (; ; kept++) {
        const refused = await append().then(
          () => undefined,
          (error: unknown) => error,
        );
        if (refused !== undefined) return refused;
      }
    };
    t.match(await full(), { code: 'DISK_FULL', message: /nothing of this was acknowledged/ });
    t.ok(kept > 2, `${kept} were kept`);
    t.equal(await store.log('lobby').end(), kept);
    await store.log('lobby').trim(kept - 1);
    t.match(await append(), { end: kept + 1 }, 'a trim makes room, though what it leaves behind has none');
    t.same((await store.log('lobby').read([0]))[0], undefined);
  });

  test('messages that no renorm wrote are passed over', async (t) => {
    const store = await NatsStore.open(nextUrl());
    t.teardown(() => store.close());
    const { cluster } = store;
    await store.log('lobby').append('a', [entry(1)]);
    const subject = `${cluster.name}.log.${Buffer.from('lobby').toString('hex')}.entry`;
    await cluster.publish({ subject, bytes: bytes(1, 2, 3) });
    t.equal(await store.log('lobby').end(), 1);
    t.match(await store.log('lobby').append('a', [entry(2)]), { end: 2 });
    t.same(await store.log('lobby').read([1]), [bytes(2, 7)]);
  });

  test('the server ends with the tests', async () => server.close());
}
