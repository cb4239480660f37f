import type { IncomingHttpHeaders } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { COME_BACK_TRAILER } from '@renorm/protocol';
import { test } from 'tap';
import type { Progress } from './budget.js';
import { Gateway } from './gateway.js';
import { nullCohorts, nullSetup } from './null-cohorts.test-support.js';
import { RawPeer, uploading } from './raw-peer.test-support.js';

test('over sockets: beside a greedy device an honest one is served, and is told of its own budget', async (t) => {
  const progress = new Map<string, Progress>();
  const gateway = new Gateway(nullSetup({ maxUntrainedSamples: 256 }, { cohorts: nullCohorts(0, progress) }));
  const port = await gateway.listen('127.0.0.1', 0);
  // A trainer that is slower than the greedy device.
  const trainer = setInterval(() => {
    const { received, trained } = progress.get('lobby') ?? { received: 0, trained: 0 };
    progress.set('lobby', { received, trained: Math.min(received, trained + 4) });
  }, 50);
  const [greedy, honest] = [new RawPeer(port), new RawPeer(port)];
  t.teardown(async () => {
    clearInterval(trainer);
    greedy.close();
    honest.close();
    await gateway.close();
  });
  const refused = (): number => gateway.status().refused.BUDGET_EXHAUSTED ?? 0;
  let stop = false;
  const flood = (async () => {
    for (let first = 1; !stop; first += 32) await greedy.call('Upload', uploading(32, 'lobby', 'greedy', first));
  })();
  while (refused() < 20) await sleep(10);
  const outcomes: string[] = [];
  for (let i = 0; i < 10; i++) {
    outcomes.push(await honest.call('Upload', uploading(4, 'lobby', 'honest', 1 + 4 * i)));
    await sleep(50);
  }
  stop = true;
  await flood;
  t.same(outcomes, Array(10).fill('ok'));
  const { received = 0, trained = 0 } = progress.get('lobby') ?? {};
  t.ok(received - trained <= 256 + 32, `${received - trained} wait`);
});

test('who is refused for want of budget is told when to come back', async (t) => {
  const progress = new Map<string, Progress>();
  const gateway = new Gateway(nullSetup({ maxUntrainedSamples: 8 }, { cohorts: nullCohorts(0, progress) }));
  const peer = new RawPeer(await gateway.listen('127.0.0.1', 0));
  t.teardown(async () => {
    peer.close();
    await gateway.close();
  });
  t.equal(await peer.call('Upload', uploading(4)), 'ok');
  const stream = peer.begin('Upload');
  const answered = new Promise<IncomingHttpHeaders>((resolve) => stream.once('response', resolve));
  stream.end(uploading(8, 'lobby', 'cam', 5));
  const headers = await answered;
  t.match(headers['grpc-message'], /^BUDGET_EXHAUSTED/);
  t.match(headers[COME_BACK_TRAILER], /^[1-9]\d*$/);
});
