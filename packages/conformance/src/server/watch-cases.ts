import { equalBytes, toHex } from '@renorm/protocol';
import { type Case, expect } from '../case.js';
import { parentOf } from '../encoded-versions.js';
import type { ServerContext } from './context.js';
import { answered } from './expectations.js';
import { slowReader } from './slow-reader.js';

const group = 'Watch';
const QUIET_MS = 700;

export const WATCH_CASES: readonly Case<ServerContext>[] = [
  {
    id: 'S-50',
    group,
    title: 'samples become versions, which come on the stream and decode to their digests',
    proves: ['W-2', 'W-3', 'W-5', 'V-2', 'V-4', 'V-5'],
    async run(context) {
      const peer = context.peer();
      const before = await context.latest(peer);
      const stream = peer.watch(context.watching());
      await context.teach(context.peer(), before + 2);
      await context.follow(stream, context.exported, before + 2);
    },
  },
  {
    id: 'S-51',
    group,
    title: 'who resumes behind an older version comes to the same parameters as who starts from version 0',
    proves: ['W-1', 'W-3', 'V-11'],
    async run(context) {
      const peer = context.peer();
      const before = await context.latest(peer);
      await context.teach(peer, before + 1);
      const one = await context.follow(peer.watch(context.watching()), context.exported, before + 1);
      await context.teach(peer, one.number + 1);
      const goal = await context.latest(peer);
      const resumed = await context.follow(peer.watch(context.watching(one)), one, goal);
      const fresh = await context.follow(peer.watch(context.watching()), context.exported, resumed.number);
      const same = fresh.number > resumed.number || equalBytes(fresh.digest, resumed.digest);
      expect(same, `version ${goal} with the digest ${toHex(resumed.digest)}`, toHex(fresh.digest));
    },
  },
  {
    id: 'S-52',
    group,
    title: 'who holds a version that the cloud does not know gets a snapshot',
    proves: ['W-4'],
    async run(context) {
      const peer = context.peer();
      await context.teach(peer, (await context.latest(peer)) + 1);
      const newest = await context.latest(peer);
      const digest = new Uint8Array(32).fill(0xee);
      for (const number of [0, newest, newest + 1_000_000]) {
        const stream = peer.watch(context.watching({ number, digest }));
        const message = await stream.next(10_000);
        expect(message !== undefined, `a snapshot for who holds an unknown version ${number}`, 'nothing');
        // A delta names a parent, which is not what is held here: only what stands alone comes out right.
        await context.take(context.exported, message);
        stream.close();
      }
    },
  },
  {
    id: 'S-53',
    group,
    title: 'who holds the newest version hears nothing until there is a newer one',
    proves: ['W-1', 'W-2'],
    async run(context) {
      const peer = context.peer();
      const goal = (await context.latest(peer)) + 1;
      await context.teach(peer, goal);
      const held = await context.follow(peer.watch(context.watching()), context.exported, goal);
      const stream = peer.watch(context.watching(held));
      const message = await stream.next(QUIET_MS);
      // A cloud may have gone on learning in between.
      if (message !== undefined) {
        const next = await context.take(held, message);
        expect(next.number > held.number, `nothing, or a version after ${held.number}`, `version ${next.number}`);
      }
      stream.close();
    },
  },
  {
    id: 'S-54',
    group,
    title: 'a slow reader holds nobody up, and is led to the newest version when it reads again',
    proves: ['W-6'],
    async run(context) {
      const peer = context.peer();
      const before = await context.latest(peer);
      const slow = await slowReader(context);
      try {
        await context.teach(peer, before + 3);
        await context.follow(peer.watch(context.watching()), context.exported, before + 3);
        expect(slow.received() === 0, 'no data against the flow control', `${slow.received()} bytes`);
        slow.readOn();
        let held = context.exported;
        while (held.number < before + 3) {
          const message = await slow.next(20_000);
          expect(message !== undefined, `version ${before + 3}`, `nothing after version ${held.number}`);
          held = await context.take(held, message);
        }
      } finally {
        slow.close();
      }
    },
  },
  {
    id: 'S-55',
    group,
    title: 'two streams of one device are served alike, and one goes on when the other is cancelled',
    proves: ['W-12', 'C-12', 'C-13'],
    async run(context) {
      const [peer, other] = [context.peer(), context.peer()];
      const before = await context.latest(peer);
      const [one, two] = [peer.watch(context.watching()), other.watch(context.watching())];
      await context.teach(peer, before + 1);
      const held = await context.follow(one, context.exported, before + 1);
      await context.follow(two, context.exported, before + 1);
      two.close();
      other.close();
      await context.teach(peer, held.number + 1);
      await context.follow(one, held, held.number + 1);
    },
  },
  {
    id: 'S-56',
    group,
    title: 'after many cancelled streams the next one is served',
    proves: ['C-12', 'W-12', 'L-8'],
    async run(context) {
      const peer = context.peer();
      for (let i = 0; i < 100; i++) {
        const stream = peer.watch(context.watching());
        if (i % 2 === 0) await stream.first(1);
        stream.close();
      }
      const before = await context.latest(peer);
      await context.teach(peer, before + 1);
      await context.follow(peer.watch(context.watching()), context.exported, before + 1);
    },
  },
  {
    id: 'S-57',
    group,
    title: 'the first message to who missed versions applies to what it holds',
    proves: ['W-3', 'W-5', 'V-6'],
    async run(context) {
      const peer = context.peer();
      await context.teach(peer, (await context.latest(peer)) + 3);
      const stream = peer.watch(context.watching());
      const message = await stream.next(10_000);
      expect(message !== undefined, 'a version', 'nothing');
      const held = await context.take(context.exported, message);
      const parent = message.version && parentOf(message.version);
      expect(parent === undefined || parent.number === 0n, 'a parent that is held', `version ${parent?.number}`);
      expect(held.number > 0, 'a later version', `version ${held.number}`);
      stream.close();
      answered(await peer.announce(context.announcement({}, held)), 'Announce with what is held now');
    },
  },
];
