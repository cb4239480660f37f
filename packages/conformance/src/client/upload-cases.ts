import { type Selection, toHex, type UploadRequest } from '@renorm/protocol';
import { type Case, expect } from '../case.js';
import type { ClientContext } from './context.js';
import { receipt, welcome } from './suite-cloud.js';

const group = 'Uploads';
const UNAVAILABLE = { code: 14, details: 'try again' };

/** Sequences of all uploads so far, of one session. */
const sequences = (uploads: readonly { request: UploadRequest }[]): bigint[] =>
  uploads.flatMap(({ request }) => request.samples.map(({ sequence }) => sequence));

const isSelection = ({ policy, reason, score = 0 }: Selection): boolean =>
  [policy, reason].every((word) => /^[A-Za-z0-9._-]{1,32}$/.test(word)) && Number.isFinite(score);

export const UPLOAD_CASES: readonly Case<ClientContext>[] = [
  {
    id: 'D-50',
    group,
    title: 'samples come in one session, numbered upwards from 1, in the shape of the model',
    proves: ['U-1', 'U-2', 'U-3', 'U-5', 'U-6', 'U-19', 'S-1'],
    async run(context) {
      await context.begin({ samples: 3 });
      await context.cloud.until(() => sequences(context.cloud.uploads).length >= 3, 30_000);
      const { uploads } = context.cloud;
      const all = sequences(uploads);
      expect(all.length >= 3, '3 samples', `${all.length}${context.said}`);
      const rising = all.every((sequence, i) => sequence > (all[i - 1] ?? 0n));
      expect(rising, 'sequences that rise from 1', all.join(', '));
      for (const { request } of uploads) {
        expect(request.session.length === 16, 'a session of 16 bytes', `${request.session.length} bytes`);
        for (const { shape, entropy, data, selection } of request.samples) {
          expect(
            String(shape) === String(context.setup.model.shape),
            `the shape ${context.setup.model.shape}`,
            String(shape),
          );
          expect(Number.isFinite(entropy) && entropy >= 0, 'an entropy from 0 on', String(entropy));
          expect(data.length > 0, 'data', 'none');
          const allowed = selection === undefined || isSelection(selection);
          expect(allowed, 'no selection, or two words and a finite score', JSON.stringify(selection));
        }
      }
      const sessions = new Set(uploads.map(({ request }) => toHex(request.session)));
      expect(sessions.size === 1, 'one session', `${sessions.size}`);
    },
  },
  {
    id: 'D-51',
    group,
    title: 'what was not acknowledged is sent again, under the same session and sequence',
    proves: ['U-12', 'U-13', 'U-18'],
    async run(context) {
      const { cloud } = context;
      const good = cloud.onUpload;
      cloud.onUpload = (request) => (cloud.uploads.length === 0 ? UNAVAILABLE : good(request));
      await context.begin({ samples: 2 });
      await context.uploaded(2, 60_000);
      const [first, second] = cloud.uploads;
      const same = first?.request.session.join() === second?.request.session.join();
      expect(same, 'the same session', 'another one');
      const [lost, again] = [first?.request.samples[0]?.sequence, second?.request.samples[0]?.sequence];
      expect(lost === again, `sequence ${lost} again`, `sequence ${again}`);
    },
  },
  {
    id: 'D-52',
    group,
    title: 'what was acknowledged in part is sent on from there',
    proves: ['U-17'],
    async run(context) {
      const { cloud } = context;
      const good = cloud.onUpload;
      cloud.onUpload = (request) =>
        request.samples.length > 1 ? receipt(request.samples[0]?.sequence ?? 0n) : good(request);
      await context.begin({ samples: 3 });
      const done = (): boolean =>
        cloud.uploads.some(
          ({ request }) => (request.samples.at(-1)?.sequence ?? 0n) >= 3n && request.samples.length === 1,
        );
      await cloud.until(done, 60_000);
      for (const [i, { request }] of cloud.uploads.entries()) {
        const before = cloud.uploads[i - 1]?.request;
        if (before === undefined || before.samples.length < 2) continue;
        const expected = (before.samples[0]?.sequence ?? 0n) + 1n;
        const came = request.samples[0]?.sequence;
        expect(came === expected, `sequence ${expected} next`, `sequence ${came}`);
      }
    },
  },
  {
    id: 'D-53',
    group,
    title: 'an upload holds no more samples than the announcement allowed',
    proves: ['U-14'],
    async run(context) {
      const { cloud } = context;
      cloud.onAnnounce = () => welcome(context.setup.model.exported, { maxSamplesPerUpload: 2 });
      await context.begin({ samples: 5 });
      await cloud.until(() => sequences(cloud.uploads).length >= 5, 60_000);
      expect(sequences(cloud.uploads).length >= 5, '5 samples', `${sequences(cloud.uploads).length}${context.said}`);
      const largest = Math.max(...cloud.uploads.map(({ request }) => request.samples.length));
      expect(largest <= 2, 'at most 2 samples in an upload', String(largest));
    },
  },
  {
    id: 'D-54',
    group,
    title: 'without budget nothing is uploaded',
    proves: ['U-15'],
    async run(context) {
      const { cloud } = context;
      cloud.onAnnounce = () => welcome(context.setup.model.exported, { budgetLeft: 0 });
      await context.begin({ samples: 3 });
      await cloud.until(() => cloud.uploads.length > 0, 3_000);
      expect(cloud.uploads.length === 0, 'no upload', String(cloud.uploads.length));
      await context.takes();
    },
  },
  {
    id: 'D-55',
    group,
    title: 'uploads that fail keep no version away',
    proves: ['U-18', 'W-13'],
    async run(context) {
      const { cloud } = context;
      cloud.onUpload = () => ({ code: 13, details: 'CLOUD_FAILED: made to fail' });
      await context.begin({ samples: 3 });
      await context.uploaded(1);
      const { version, decoded } = context.delta();
      const held = (): boolean =>
        cloud.announcements.some(({ request }) => request.running?.number === BigInt(decoded.number));
      // A device may begin again for each failed upload: like a cloud, send on each stream what it lacks.
      for (let sent = 0; sent < 20 && !held(); sent++) {
        if (cloud.watches.at(-1)?.call.cancelled === false) context.send(version);
        const streams = cloud.watches.length;
        await cloud.until(() => held() || cloud.watches.length > streams, 10_000);
        if (cloud.watches.length === streams) cloud.endStream();
      }
      expect(held(), `version ${decoded.number} announced`, `not over many streams${context.said}`);
    },
  },
];
