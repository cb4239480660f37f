import { setTimeout as sleep } from 'node:timers/promises';
import { type Case, expect } from '../case.js';
import { seededBytes } from '../seeded.js';
import { requestOf } from './announce-cases.js';
import type { ServerContext } from './context.js';
import { answered, notTaken } from './expectations.js';
import { framed } from './frames.js';
import { RawConnection, type RawEnd } from './raw-connection.js';
import { METHODS } from './wire.js';

const group = 'Hostile peers';
const shown = ({ status, body }: RawEnd): string => `status ${status ?? 'none'} and ${body.length} bytes`;

/** What is sent over a raw connection must end without an answer, and the next device must be served. */
async function harmless(
  context: ServerContext,
  what: string,
  send: (connection: RawConnection) => Promise<RawEnd>,
): Promise<void> {
  const connection = await RawConnection.open(context.setup.target);
  try {
    const end = await send(connection);
    expect(end.status !== 0, `${what}: any status but 0, or the end of the call`, () => shown(end));
  } finally {
    connection.close();
  }
  await served(context, what);
}

async function served(context: ServerContext, after: string): Promise<void> {
  answered(await context.peer().announce(context.announcement()), `Announce after ${after}`);
}

export const HOSTILE_CASES: readonly Case<ServerContext>[] = [
  {
    id: 'S-60',
    group,
    title: 'a message cut short in any place is no message, or another one that is refused',
    proves: ['L-6', 'L-7'],
    async run(context) {
      const peer = context.peer();
      for (const method of METHODS) {
        const whole = requestOf(context, method, {});
        for (let i = 1; i <= 16; i++) {
          const cut = whole.subarray(0, Math.floor((whole.length * i) / 17));
          const outcome = await peer.call(method, cut, 50);
          // A cut between two fields leaves a smaller message that is right: then only what was cut off is missing.
          if (method === 'Watch' && outcome.ok) continue;
          notTaken(outcome, `${method} cut to ${cut.length} of ${whole.length} bytes`);
        }
      }
      await served(context, 'truncated messages');
    },
  },
  {
    id: 'S-61',
    group,
    title: 'random bytes instead of a message are refused',
    proves: ['L-6', 'L-7', 'L-8'],
    async run(context) {
      const peer = context.peer();
      const bytes = seededBytes(61);
      for (const method of METHODS)
        for (let i = 0; i < 30; i++) notTaken(await peer.call(method, bytes(1 + i * 9)), `${method} of random bytes`);
      await served(context, 'random bytes');
    },
  },
  {
    id: 'S-62',
    group,
    title: 'a message with random bytes in any place is taken or refused, and nothing else suffers',
    proves: ['L-6', 'L-8'],
    async run(context) {
      const peer = context.peer();
      const bytes = seededBytes(62);
      for (const method of METHODS) {
        for (let i = 0; i < 40; i++) {
          const request = Uint8Array.from(requestOf(context, method, {}));
          const at = ((bytes(1)[0] as number) * 256 + (bytes(1)[0] as number)) % request.length;
          request.set(bytes(Math.min(4, request.length - at)), at);
          await peer.call(method, request, 20);
        }
      }
      await served(context, 'random bytes in good messages');
    },
  },
  {
    id: 'S-63',
    group,
    title: 'a message above the limit is refused, and only that call fails',
    proves: ['L-1', 'L-6'],
    async run(context) {
      const peer = context.peer();
      const good = context.announcement();
      const padded = new Uint8Array(good.length + 64 * 2 ** 20);
      padded.set(good);
      // An unknown field (number 15, bytes) of 64 MiB: right but for its size.
      const length = padded.length - good.length - 6;
      padded.set([0x7a, ...varint(length)], good.length);
      const end = good.length + 1 + varint(length).length + length;
      notTaken(await peer.announce(padded.subarray(0, end)), 'a message of 64 MiB');
      await served(context, 'a large message');
    },
  },
  {
    id: 'S-64',
    group,
    title: 'a frame that says it is longer than what comes is refused',
    proves: ['L-7'],
    async run(context) {
      const request = context.announcement();
      await harmless(context, 'a frame that is cut short', (connection) =>
        connection.call('Announce', framed(request, request.length + 100)),
      );
      await harmless(context, 'a frame of 4 GiB', (connection) =>
        connection.call('Announce', framed(request, 0xffff_ffff)),
      );
    },
  },
  {
    id: 'S-65',
    group,
    title: 'a frame without its head, an empty call and an unknown method are refused',
    proves: ['L-7'],
    async run(context) {
      const request = context.announcement();
      await harmless(context, 'three bytes', (connection) => connection.call('Announce', Uint8Array.of(0, 0, 0)));
      await harmless(context, 'nothing', (connection) => connection.call('Announce', new Uint8Array()));
      await harmless(context, 'an unknown method', (connection) => connection.call('Steal', framed(request)));
    },
  },
  {
    id: 'S-66',
    group,
    title: 'calls that are begun and left, and connections that are cut, cost nobody else anything',
    proves: ['C-12', 'L-6', 'L-8'],
    async run(context) {
      for (let i = 0; i < 10; i++) {
        const connection = await RawConnection.open(context.setup.target);
        for (const method of METHODS) connection.begin(method).write(framed(context.announcement(), 10_000));
        connection.close();
      }
      await served(context, 'connections that were cut');
    },
  },
  {
    id: 'S-67',
    group,
    title: 'a call whose deadline passes, and one that is cancelled, leave the connection usable',
    proves: ['C-12'],
    async run(context) {
      const peer = context.peer();
      for (let i = 0; i < 10; i++) {
        const cancel = new AbortController();
        const calls = [
          peer.upload(context.uploading(context.session(), [1, 2, 3]), { deadlineMs: 1 }),
          peer.upload(context.uploading(context.session(), [1, 2, 3]), { signal: cancel.signal }),
        ];
        cancel.abort();
        await Promise.all(calls);
      }
      // What was cancelled may still be answered, and count as in flight (L-5).
      let outcome = await peer.announce(context.announcement());
      for (let i = 0; i < 50 && !outcome.ok && outcome.details.startsWith('TOO_MANY_CALLS'); i++) {
        await sleep(100);
        outcome = await peer.announce(context.announcement());
      }
      answered(outcome, 'Announce on the same connection');
    },
  },
];

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}
