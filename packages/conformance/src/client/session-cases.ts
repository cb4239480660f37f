import { create, toBinary, toHex, WatchResponseSchema } from '@renorm/protocol';
import { type Case, expect } from '../case.js';
import { type ClientContext, COHORT } from './context.js';
import { welcome } from './suite-cloud.js';

const group = 'Session';
const UNAVAILABLE = { code: 14, details: 'try again' };

export const SESSION_CASES: readonly Case<ClientContext>[] = [
  {
    id: 'D-10',
    group,
    title: 'a device begins by announcing who it is, what it runs, and version 0',
    proves: ['A-1', 'A-2', 'A-8', 'A-9', 'A-10', 'A-11', 'V-2', 'V-3'],
    async run(context) {
      const { device, running, rootVersion } = await context.begin();
      const { model } = context.setup;
      expect(device?.cohort === COHORT, `the cohort ${COHORT}`, String(device?.cohort));
      expect(device.id === 'device-under-test', 'the id device-under-test', device.id);
      expect(
        toHex(device.modelDigest) === toHex(model.digest),
        'the digest of the model file',
        toHex(device.modelDigest),
      );
      expect(running?.number === 0n, 'version 0', String(running?.number));
      expect(
        toHex(running.digest) === toHex(model.exported.digest),
        `the digest of the exported parameters ${toHex(model.exported.digest)}`,
        toHex(running.digest),
      );
      expect(rootVersion === 0n, 'root_version 0 without a root', String(rootVersion));
    },
  },
  {
    id: 'D-11',
    group,
    title: 'it watches from the version that it announced',
    proves: ['A-9', 'W-7'],
    async run(context) {
      await context.begin();
      await context.takes();
      const running = context.cloud.watches.at(-1)?.request.running;
      const isHeld = running?.number === 1n && toHex(running.digest) === toHex(context.held.digest);
      expect(isHeld, 'Watch from version 1', `from version ${running?.number}`);
    },
  },
  {
    id: 'D-12',
    group,
    title: 'it begins again when the stream ends, whatever the status',
    proves: ['C-9', 'A-8'],
    async run(context) {
      await context.begin();
      const { cloud } = context;
      for (const code of [0, 13, 14]) {
        const [announcements, watches] = [cloud.announcements.length, cloud.watches.length];
        const call = cloud.watches.at(-1)?.call;
        if (code === 0) call?.end();
        else call?.emit('error', { code, details: 'the stream ends here' });
        await context.announced(announcements);
        await context.watched(watches);
      }
    },
  },
  {
    id: 'D-13',
    group,
    title: 'it asks again when an announcement fails, first within 2 s, and waits longer after each failure',
    proves: ['C-9', 'C-10'],
    async run(context) {
      const { cloud } = context;
      const good = cloud.onAnnounce;
      cloud.onAnnounce = () => UNAVAILABLE;
      context.start();
      for (let i = 0; i < 4; i++) await context.announced(i);
      cloud.onAnnounce = good;
      const [first, second] = cloud.announcements;
      const wait = (second?.at ?? 0) - (first?.at ?? 0);
      // The wait and the way: a slow machine may add to it.
      expect(wait < 3_000, 'a second attempt within 2 s', `after ${wait} ms`);
      await context.watched(0);
      await context.takes();
    },
  },
  {
    id: 'D-14',
    group,
    title: 'it does not wait for ever for an answer',
    proves: ['C-11'],
    async run(context) {
      const { cloud } = context;
      const good = cloud.onAnnounce;
      cloud.onAnnounce = () => undefined;
      context.start();
      await context.announced(0);
      cloud.onAnnounce = good;
      await context.announced(1, 60_000);
      await context.watched(0);
    },
  },
  {
    id: 'D-15',
    group,
    title: 'an answer that the specification does not allow is not used',
    proves: ['A-12', 'L-7'],
    async run(context) {
      const { cloud } = context;
      const good = cloud.onAnnounce;
      const { exported } = context.setup.model;
      const answers = [
        welcome({ number: 0, digest: exported.digest.subarray(1) }),
        welcome(exported, { budgetLeft: 7 }),
        welcome(exported, { maxSamplesPerUpload: 0 }),
        Uint8Array.of(0xff, 0xff, 0xff),
      ];
      cloud.onAnnounce = () => answers[cloud.announcements.length] ?? good({} as never);
      context.start();
      for (let i = 0; i <= answers.length; i++) await context.announced(i, 30_000);
      await context.watched(0);
      const early = cloud.watches[0]?.at ?? 0;
      const last = cloud.announcements[answers.length]?.at ?? 0;
      expect(early >= last, 'Watch only after a good answer', 'Watch before');
    },
  },
  {
    id: 'D-16',
    group,
    title: 'fields that it does not know are passed over',
    proves: ['C-3'],
    async run(context) {
      await context.begin();
      const { version, decoded } = context.delta();
      const message = toBinary(WatchResponseSchema, create(WatchResponseSchema, { version }));
      // Field 1000, a number, as a later release may have it.
      context.cloud.send(Uint8Array.of(...message, 0xc0, 0x3e, 0x2a));
      await context.holds(decoded);
    },
  },
];
