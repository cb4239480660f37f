import { setTimeout as sleep } from 'node:timers/promises';
import type { Selection, UploadResponse } from '@renorm/protocol';
import { type Case, expect } from '../case.js';
import { floats } from '../sample-bytes.js';
import type { ServerContext } from './context.js';
import { answered, refused } from './expectations.js';
import type { Peer } from './peer.js';

const group = 'Upload';

/** Uploads samples and checks what is acknowledged and how many were known. */
export async function uploaded(
  peer: Peer,
  request: Uint8Array,
  acknowledged: number,
  duplicates: number,
): Promise<UploadResponse> {
  const answer = answered(await peer.upload(request), 'Upload');
  expect(
    answer.acknowledgedSequence === BigInt(acknowledged) && answer.duplicates === duplicates,
    `acknowledged_sequence ${acknowledged}, duplicates ${duplicates}`,
    `acknowledged_sequence ${answer.acknowledgedSequence}, duplicates ${answer.duplicates}`,
  );
  expect(answer.budgetLeft >= 0 && answer.budgetLeft <= 1, 'budget_left from 0 to 1', String(answer.budgetLeft));
  return answer;
}

export const UPLOAD_CASES: readonly Case<ServerContext>[] = [
  {
    id: 'S-20',
    group,
    title: 'an upload is acknowledged up to its highest sequence',
    proves: ['U-7', 'U-11'],
    async run(context) {
      const session = context.session();
      const peer = context.peer();
      await uploaded(peer, context.uploading(session, [1, 2]), 2, 0);
      await uploaded(peer, context.uploading(session, [3]), 3, 0);
    },
  },
  {
    id: 'S-21',
    group,
    title: 'an upload that is sent again is acknowledged again and counts once, from another connection too',
    proves: ['U-8'],
    async run(context) {
      const request = context.uploading(context.session(), [1, 2]);
      await uploaded(context.peer(), request, 2, 0);
      await uploaded(context.peer(), request, 2, 2);
    },
  },
  {
    id: 'S-22',
    group,
    title: 'of an upload that overlaps, the new samples are taken',
    proves: ['U-8', 'U-7'],
    async run(context) {
      const [session, peer] = [context.session(), context.peer()];
      await uploaded(peer, context.uploading(session, [1, 2]), 2, 0);
      await uploaded(peer, context.uploading(session, [2, 3]), 3, 1);
    },
  },
  {
    id: 'S-23',
    group,
    title: 'sequences may leave gaps; what comes into a gap later counts as known',
    proves: ['U-4', 'U-8'],
    async run(context) {
      const [session, peer] = [context.session(), context.peer()];
      await uploaded(peer, context.uploading(session, [5, 9]), 9, 0);
      await uploaded(peer, context.uploading(session, [1_000_000_007]), 1_000_000_007, 0);
      await uploaded(peer, context.uploading(session, [7]), 1_000_000_007, 1);
    },
  },
  {
    id: 'S-24',
    group,
    title: 'an upload whose sequences do not rise is refused',
    proves: ['U-3'],
    async run(context) {
      const peer = context.peer();
      for (const sequences of [[2, 1], [1, 1], [0], [1, 0], [2 ** 53], [2n ** 64n - 1n]]) {
        const request = context.uploading(context.session(), sequences);
        refused(await peer.upload(request), `sequences ${sequences}`, 'REQUEST_INVALID');
      }
    },
  },
  {
    id: 'S-25',
    group,
    title: 'a session of another length than 16 bytes is refused',
    proves: ['U-1'],
    async run(context) {
      const peer = context.peer();
      for (const length of [0, 15, 17]) {
        const request = context.uploading(new Uint8Array(length), [1]);
        refused(await peer.upload(request), `a session of ${length} bytes`, 'REQUEST_INVALID');
      }
    },
  },
  {
    id: 'S-26',
    group,
    title: 'an upload without samples, or with more than allowed, is refused; a full one is taken',
    proves: ['U-2', 'L-2'],
    async run(context) {
      const peer = context.peer();
      const welcome = answered(await peer.announce(context.announcement()), 'Announce');
      refused(await peer.upload(context.uploading(context.session(), [])), 'an empty upload', 'REQUEST_INVALID');
      const most = Math.min(welcome.maxSamplesPerUpload, 1024);
      const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
      const sample = floats(context.setup.model.shape, 0);
      if (most === welcome.maxSamplesPerUpload) {
        const request = context.uploading(context.session(), upTo(most + 1), { sample });
        refused(await peer.upload(request), `${most + 1} samples`, 'REQUEST_INVALID');
      }
      await uploaded(peer, context.uploading(context.session(), upTo(most), { sample }), most, 0);
    },
  },
  {
    id: 'S-27',
    group,
    title: 'sessions and devices do not touch each other',
    proves: ['U-10'],
    async run(context) {
      const [one, other, peer] = [context.session(), context.session(), context.peer()];
      await uploaded(peer, context.uploading(one, [1, 2, 3]), 3, 0);
      await uploaded(peer, context.uploading(other, [1]), 1, 0);
      const who = { id: `${context.who.id}-b` };
      await uploaded(peer, context.uploading(one, [1, 2], { who }), 2, 0);
    },
  },
  {
    id: 'S-28',
    group,
    title: 'a refused upload leaves nothing behind',
    proves: ['U-9'],
    async run(context) {
      const [session, peer] = [context.session(), context.peer()];
      refused(await peer.upload(context.uploading(session, [1, 3, 2])), 'sequences 1, 3, 2', 'REQUEST_INVALID');
      const sample = { ...floats(context.setup.model.shape, 0), data: new Uint8Array([1]) };
      refused(await peer.upload(context.uploading(session, [1, 2], { sample })), 'damaged data', 'SAMPLE_INVALID');
      await uploaded(peer, context.uploading(session, [1, 2]), 2, 0);
    },
  },
  {
    id: 'S-29',
    group,
    title: 'a version above 2^53 - 1 is refused, as is an entropy that is no number from 0 on',
    proves: ['U-5', 'U-6'],
    async run(context) {
      const peer = context.peer();
      const upload = (change: object) => peer.upload(context.uploading(context.session(), [1], change));
      refused(await upload({ version: 2n ** 53n }), 'version 2^53', 'REQUEST_INVALID');
      answered(await upload({ version: 2n ** 53n - 1n }), 'an upload with version 2^53 - 1');
      for (const entropy of [Number.NaN, Number.POSITIVE_INFINITY, -0.5])
        refused(await upload({ entropy }), `entropy ${entropy}`, 'SAMPLE_INVALID');
    },
  },
  {
    id: 'S-30',
    group,
    title: 'an upload that was cancelled or timed out can be sent again until it is acknowledged',
    proves: ['C-12', 'U-8', 'U-9'],
    async run(context) {
      const [session, peer] = [context.session(), context.peer()];
      const request = context.uploading(session, [1, 2, 3]);
      for (let ms = 0; ms < 8; ms++) {
        const signal = AbortSignal.timeout(ms);
        await peer.upload(request, ms % 2 === 0 ? { signal } : { deadlineMs: ms });
      }
      // On the same connection: a cloud that still carries cancelled calls out may ask to wait for them.
      let outcome = await peer.upload(request);
      const end = performance.now() + context.patienceMs;
      while (!outcome.ok && outcome.details.startsWith('TOO_MANY_CALLS: ') && performance.now() < end) {
        await sleep(100);
        outcome = await peer.upload(request);
      }
      const answer = answered(outcome, 'Upload');
      const { acknowledgedSequence: last, duplicates } = answer;
      const whole = last === 3n && (duplicates === 0 || duplicates === 3);
      expect(whole, 'acknowledged_sequence 3, duplicates 0 or 3', `${last} and ${duplicates}`);
    },
  },
  {
    id: 'S-31',
    group,
    title: 'a sample may say why it was selected, in two words and a finite score',
    proves: ['U-19'],
    async run(context) {
      const [session, peer] = [context.session(), context.peer()];
      const [policy, reason] = ['a.policy_of-32-characters-0123456', 'kept'].map((word) => word.slice(0, 32)) as [
        string,
        string,
      ];
      const good: readonly Selection[] = [
        { policy, reason, score: -1.5 },
        { policy, reason },
      ];
      for (const [i, selection] of good.entries())
        await uploaded(peer, context.uploading(session, [i + 1], { selection }), i + 1, 0);
      const hostile: readonly Selection[] = [
        ...['', 'two words', 'a/b', '\u001b[2J', 'é', 'x'.repeat(33)].flatMap((word) => [
          { policy: word, reason },
          { policy, reason: word },
        ]),
        ...[Number.NaN, Number.POSITIVE_INFINITY].map((score) => ({ policy, reason, score })),
      ];
      for (const selection of hostile) {
        const outcome = await peer.upload(context.uploading(session, [3], { selection }));
        refused(outcome, `a sample with the selection ${JSON.stringify(selection)}`, 'SAMPLE_INVALID');
      }
      await uploaded(peer, context.uploading(session, [3]), 3, 0);
    },
  },
];
