import {
  AnnounceRequestSchema,
  create,
  equalBytes,
  followRoots,
  fromBinary,
  modelFactsMessage,
  RenormError,
  toBinary,
  toHex,
  WatchRequestSchema,
  webEd25519,
} from '@renorm/protocol';
import { type Case, expect, Skip, Violation } from '../case.js';
import type { ServerContext, Who } from './context.js';
import { answered, refused } from './expectations.js';
import { METHODS, type Method } from './wire.js';

const group = 'Announce';

/** A request of each method by a device that may be anyone. */
export function requestOf(context: ServerContext, method: Method, who: Partial<Who>): Uint8Array {
  if (method === 'Announce') return context.announcement(who);
  if (method === 'Upload') return context.uploading(context.session(), [1], { who });
  return context.watching(undefined, who);
}

const BAD_NAMES = ['', 'a b', 'ä', 'a/b', '../x', 'a\0', 'x'.repeat(129), '\n'];

export const ANNOUNCE_CASES: readonly Case<ServerContext>[] = [
  {
    id: 'S-10',
    group,
    title: 'the newest version, the size of uploads and the budget are told',
    proves: ['A-5', 'A-6', 'V-3'],
    async run(context) {
      const peer = context.peer();
      const welcome = answered(await peer.announce(context.announcement()), 'Announce');
      const { latest, maxSamplesPerUpload, budgetLeft } = welcome;
      expect(latest !== undefined && latest.digest.length === 32, 'latest with a digest of 32 bytes', 'something else');
      const { digest } = context.exported;
      expect(
        latest.number > 0n || equalBytes(latest.digest, digest),
        `version 0 with the digest of the exported parameters ${toHex(digest)}`,
        toHex(latest.digest),
      );
      expect(maxSamplesPerUpload >= 1, 'max_samples_per_upload of at least 1', String(maxSamplesPerUpload));
      expect(budgetLeft >= 0 && budgetLeft <= 1, 'budget_left from 0 to 1', String(budgetLeft));
    },
  },
  {
    id: 'S-11',
    group,
    title: 'a device with a name outside the alphabet is refused by every method',
    proves: ['A-1', 'E-1', 'E-3'],
    async run(context) {
      const peer = context.peer();
      for (const method of METHODS) {
        for (const id of BAD_NAMES)
          refused(
            await peer.call(method, requestOf(context, method, { id })),
            `${method} by ${JSON.stringify(id)}`,
            'REQUEST_INVALID',
          );
        // With tokens a strange cohort is first of all not the token's.
        for (const cohort of BAD_NAMES)
          refused(
            await peer.call(method, requestOf(context, method, { cohort })),
            `${method} in the cohort ${JSON.stringify(cohort)}`,
            ...([
              'REQUEST_INVALID',
              ...(context.setup.target.token === undefined ? [] : ['PERMISSION_DENIED' as const]),
            ] as const),
          );
      }
    },
  },
  {
    id: 'S-12',
    group,
    title: 'names of 128 characters of the whole alphabet are taken',
    proves: ['A-1'],
    async run(context) {
      const id = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-'.padEnd(128, '-');
      answered(await context.peer().announce(context.announcement({ id })), `Announce by ${id}`);
    },
  },
  {
    id: 'S-13',
    group,
    title: 'a model digest of another length is refused by every method',
    proves: ['A-2'],
    async run(context) {
      const peer = context.peer();
      for (const method of METHODS) {
        for (const length of [0, 31, 33]) {
          const request = requestOf(context, method, { modelDigest: new Uint8Array(length) });
          refused(await peer.call(method, request), `${method} with a digest of ${length} bytes`, 'REQUEST_INVALID');
        }
      }
    },
  },
  {
    id: 'S-14',
    group,
    title: 'a request without a device, without what runs, or with a damaged name of it is refused',
    proves: ['A-1', 'A-3'],
    async run(context) {
      const peer = context.peer();
      const { digest } = context.exported;
      const device = context.who;
      const wrong = [
        { running: { number: 0n, digest } },
        { device },
        { device, running: { number: 0n, digest: digest.subarray(1) } },
        { device, running: { number: 0n } },
        { device, running: { number: 2n ** 53n, digest } },
        { device, running: { number: 2n ** 64n - 1n, digest } },
      ];
      const codes = [
        'REQUEST_INVALID',
        ...(context.setup.target.token === undefined ? [] : ['PERMISSION_DENIED' as const]),
      ] as const;
      for (const [i, each] of wrong.entries()) {
        const what = `message ${i + 1} of ${wrong.length}`;
        const allowed = i === 0 ? codes : (['REQUEST_INVALID'] as const);
        const announce = toBinary(AnnounceRequestSchema, create(AnnounceRequestSchema, each));
        refused(await peer.call('Announce', announce), `Announce, ${what},`, ...allowed);
        const watch = toBinary(WatchRequestSchema, create(WatchRequestSchema, each));
        refused(await peer.call('Watch', watch), `Watch, ${what},`, ...allowed);
      }
    },
  },
  {
    id: 'S-15',
    group,
    title: 'a model that the cloud does not adapt is refused by every method',
    proves: ['A-4', 'E-3'],
    async run(context) {
      const peer = context.peer();
      for (const method of METHODS) {
        const request = requestOf(context, method, { modelDigest: new Uint8Array(32).fill(9) });
        refused(await peer.call(method, request), `${method} with an unknown model`, 'MODEL_UNKNOWN');
      }
    },
  },
  {
    id: 'S-16',
    group,
    title: 'roots come in order behind the one that is named, and none to a device without',
    proves: ['A-7', 'T-13', 'T-14'],
    async run(context) {
      const peer = context.peer();
      const none = answered(await peer.announce(context.announcement()), 'Announce');
      expect(none.roots.length === 0, 'no roots for root_version 0', `${none.roots.length} roots`);
      const { root } = context.setup;
      if (root === undefined) throw new Skip('no root was given (--trust)');
      const request = context.announcement({}, undefined, root.version);
      const { roots } = answered(await peer.announce(request), 'Announce');
      expect(roots.length <= 64, 'at most 64 roots', String(roots.length));
      try {
        const last = await followRoots(webEd25519, root, roots);
        const wanted = root.version + roots.length;
        expect(last.version === wanted, `roots up to ${wanted}`, `up to ${last.version}`);
      } catch (error) {
        if (!(error instanceof RenormError)) throw error;
        throw new Violation('roots that can be followed', error.message);
      }
    },
  },
  {
    id: 'S-17',
    group,
    title: 'announcing again and again, from several connections, changes nothing',
    proves: ['A-13', 'C-13'],
    async run(context) {
      const peers = [context.peer(), context.peer(), context.peer()];
      const before = await context.latest(peers[0] as (typeof peers)[0]);
      for (let i = 0; i < 4; i++) {
        const all = await Promise.all(peers.map((peer) => peer.announce(context.announcement())));
        for (const outcome of all) answered(outcome, 'Announce');
      }
      const after = await context.latest(peers[0] as (typeof peers)[0]);
      expect(after >= before, `version ${before} or later`, `version ${after}`);
    },
  },
  {
    id: 'S-18',
    group,
    title: 'a device that takes another value for the scores is refused, one that does not say is not',
    proves: ['A-14'],
    async run(context) {
      const peer = context.peer();
      answered(await peer.announce(context.announcement()), 'Announce without a model');
      const announcement = fromBinary(AnnounceRequestSchema, context.announcement());
      const model = modelFactsMessage({ output: 'no such value', sampleShape: [9], classes: 2 });
      const other = toBinary(AnnounceRequestSchema, create(AnnounceRequestSchema, { ...announcement, model }));
      refused(await peer.call('Announce', other), 'Announce with another output', 'MODEL_MISMATCH');
    },
  },
];
