import { create, type SignedMessage, toBinary, WatchResponseSchema } from '@renorm/protocol';
import { type Case, expect } from '../case.js';
import type { ClientContext } from './context.js';
import { welcome } from './suite-cloud.js';
import { damaged, KEYS, responseOf, rollbackTo, rootBytes, type SignedChanges, signed } from './suite-keys.js';

const group = 'Trust';

/** A good signed version is taken. */
async function takesSigned(context: ClientContext, key = KEYS.signing): Promise<void> {
  const { version, decoded } = context.delta();
  context.cloud.send(responseOf(await signed(context, version, { key })));
  await context.holds(decoded);
}

async function refusesSigned(context: ClientContext, what: string, message: Uint8Array): Promise<void> {
  await context.refuses(what, message, () => takesSigned(context));
}

/** Starts the device with the suite's root. */
async function begin(context: ClientContext): Promise<void> {
  await context.begin({ root: await rootBytes(1) });
}

const refusedWith = (
  id: string,
  title: string,
  proves: readonly string[],
  changes: SignedChanges,
): Case<ClientContext> => ({
  ...{ id, group, title, proves: [...proves, 'W-8', 'W-13'] },
  async run(context) {
    await begin(context);
    const { version } = context.delta();
    await refusesSigned(context, title, responseOf(await signed(context, version, changes)));
  },
});

/** A version with a number that has passed, standing alone. */
const older = (context: ClientContext, number: number) => context.snapshot(0.05, number);

export const TRUST_CASES: readonly Case<ClientContext>[] = [
  {
    id: 'D-60',
    group,
    title: 'signed versions are taken, and the root is named',
    proves: ['T-1', 'T-2', 'A-11'],
    async run(context) {
      const { rootVersion } = await context.begin({ root: await rootBytes(1) });
      expect(rootVersion === 1n, 'root_version 1', String(rootVersion));
      for (let i = 0; i < 3; i++) await takesSigned(context);
    },
  },
  {
    id: 'D-61',
    group,
    title: 'a version without a signature is refused',
    proves: ['T-3', 'W-8', 'W-13'],
    async run(context) {
      await begin(context);
      const { version } = context.delta();
      const bare = toBinary(WatchResponseSchema, create(WatchResponseSchema, { version }));
      await refusesSigned(context, 'a bare version', bare);
    },
  },
  {
    id: 'D-62',
    group,
    title: 'a changed message, a changed signature, no signature and 17 of them are refused',
    proves: ['T-1', 'T-2', 'T-4', 'W-8', 'W-13'],
    async run(context) {
      await begin(context);
      const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
      const changes: [string, (copy: SignedMessage) => Partial<SignedMessage>][] = [
        ['a changed message', ({ message }) => ({ message: flip(message, message.length - 1) })],
        [
          'a changed signature',
          ({ signatures: [first] }) => ({
            signatures: first === undefined ? [] : [{ ...first, signature: flip(first.signature, 0) }],
          }),
        ],
        ['no signatures', () => ({ signatures: [] })],
        ['17 signatures', ({ signatures }) => ({ signatures: Array.from({ length: 17 }, () => signatures).flat() })],
      ];
      for (const [what, change] of changes) {
        const message = damaged(await signed(context, context.delta().version), change);
        await refusesSigned(context, what, responseOf(message));
      }
    },
  },
  refusedWith('D-63', 'a version signed by a key that the root does not name is refused', ['T-4'], {
    key: KEYS.stranger,
  }),
  refusedWith('D-64', 'an expired version is refused', ['T-5'], { expiresAtMs: 1_600_000_000_000 }),
  refusedWith('D-65', 'a version for another model is refused', ['T-6'], { modelDigest: new Uint8Array(32).fill(5) }),
  refusedWith('D-66', 'a version for another cohort is refused', ['T-7'], { cohort: 'another' }),
  refusedWith('D-67', 'a delta whose envelope names another parent is refused', ['T-8'], {
    parentDigest: new Uint8Array(32).fill(6),
  }),
  {
    id: 'D-68',
    group,
    title: 'an older version is refused, and one with the same number and other parameters',
    proves: ['T-9', 'T-10', 'W-8'],
    async run(context) {
      await begin(context);
      for (let i = 0; i < 3; i++) await takesSigned(context);
      const newest = context.held.number;
      const { version } = older(context, newest - 1);
      await context.refuses('an older version', responseOf(await signed(context, version)), async () => {
        const { version: good, decoded } = context.snapshot(0.02, newest + 10);
        context.cloud.send(responseOf(await signed(context, good)));
        await context.holds(decoded);
      });
      const held = context.held.number;
      const twin = older(context, held);
      await context.refuses(
        'another version with the same number',
        responseOf(await signed(context, twin.version)),
        async () => {
          const { version: good, decoded } = context.snapshot(0.02, held + 1);
          context.cloud.send(responseOf(await signed(context, good)));
          await context.holds(decoded);
        },
      );
    },
  },
  {
    id: 'D-69',
    group,
    title: 'a signed rollback makes way for the version that it names, and for no other',
    proves: ['T-12'],
    async run(context) {
      await begin(context);
      for (let i = 0; i < 3; i++) await takesSigned(context);
      const newest = context.held.number;
      const back = older(context, 1);
      const message = await signed(context, back.version);
      context.cloud.send(responseOf(message, await rollbackTo(context, back.decoded, newest)));
      await context.holds(back.decoded);
    },
  },
  {
    id: 'D-70',
    group,
    title: 'a rollback that is expired, by a stranger, for another cohort or for older versions makes way for nothing',
    proves: ['T-12', 'W-8'],
    async run(context) {
      await begin(context);
      for (let i = 0; i < 3; i++) await takesSigned(context);
      let newest = context.held.number;
      const changes = [
        { expiresAtMs: 1_600_000_000_000 },
        { key: KEYS.stranger },
        { cohort: 'another' },
        { fromNumber: 2 },
      ];
      for (const { fromNumber = newest, ...change } of changes as ({ fromNumber?: number } & (typeof changes)[0])[]) {
        const back = older(context, 1);
        const rollback = await rollbackTo(context, back.decoded, fromNumber, change);
        const message = responseOf(await signed(context, back.version), rollback);
        await context.refuses('an older version with a bad rollback', message, async () => {
          newest += 5;
          const { version: good, decoded } = context.snapshot(0.02, newest);
          context.cloud.send(responseOf(await signed(context, good)));
          await context.holds(decoded);
        });
      }
    },
  },
  {
    id: 'D-71',
    group,
    title: 'a new root brings a new signing key, and ends the old one',
    proves: ['T-14', 'A-11', 'T-4'],
    async run(context) {
      const { cloud } = context;
      const next = await rootBytes(2, { signing: KEYS.nextSigning });
      cloud.onAnnounce = () => welcome(context.held, { roots: [next] });
      await begin(context);
      await takesSigned(context, KEYS.nextSigning);
      expect(
        cloud.announcements.at(-1)?.request.rootVersion === 2n,
        'root_version 2',
        String(cloud.announcements.at(-1)?.request.rootVersion),
      );
      const { version } = context.delta();
      const old = responseOf(await signed(context, version));
      await context.refuses('a version by the old key', old, () => takesSigned(context, KEYS.nextSigning));
    },
  },
  {
    id: 'D-72',
    group,
    title: 'a new root key is followed when the old one signs it, through several roots at once',
    proves: ['T-14', 'T-16'],
    async run(context) {
      const { cloud } = context;
      const roots = [
        await rootBytes(2, {
          rootKey: KEYS.nextRoot,
          signers: [KEYS.root, KEYS.nextRoot],
          expiresAtMs: 1_600_000_000_000,
        }),
        await rootBytes(3, { rootKey: KEYS.nextRoot, signing: KEYS.nextSigning }),
      ];
      cloud.onAnnounce = () => welcome(context.held, { roots });
      await begin(context);
      await takesSigned(context, KEYS.nextSigning);
    },
  },
  {
    id: 'D-73',
    group,
    title: 'roots that cannot be followed are not: a gap, a stranger’s, one that the old root did not sign',
    proves: ['T-13', 'T-15', 'A-12'],
    async run(context) {
      const { cloud } = context;
      const bad = [
        await rootBytes(3),
        await rootBytes(2, { rootKey: KEYS.stranger }),
        await rootBytes(2, { rootKey: KEYS.nextRoot, signers: [KEYS.nextRoot] }),
        Uint8Array.of(1, 2, 3),
      ];
      cloud.onAnnounce = () =>
        welcome(context.held, { roots: bad.slice(cloud.announcements.length, cloud.announcements.length + 1) });
      context.start({ root: await rootBytes(1) });
      for (let i = 0; i <= bad.length; i++) {
        const { rootVersion } = await context.announced(i, 30_000);
        expect(rootVersion === 1n, 'root_version 1 as before', String(rootVersion));
      }
      await context.watched(0);
      await takesSigned(context);
    },
  },
  {
    id: 'D-75',
    group,
    title: 'a number that leaves none to count on with, or too far above the newest, is refused',
    proves: ['V-9', 'T-20', 'W-8', 'W-13'],
    async run(context) {
      await begin(context);
      await takesSigned(context);
      for (const number of [2 ** 53 - 1, 2 ** 53 - 2 ** 32, undefined]) {
        const { version } = context.snapshot(0.02, number ?? context.held.number + 2 ** 32 + 1);
        await refusesSigned(context, `version ${version.number}`, responseOf(await signed(context, version)));
      }
    },
  },
  {
    id: 'D-76',
    group,
    title: 'a signing key that is replaced no longer says what is newest',
    proves: ['T-21', 'T-14'],
    async run(context) {
      const { cloud } = context;
      await begin(context);
      const { version, decoded } = context.snapshot(0.05, 1_000_000);
      context.cloud.send(responseOf(await signed(context, version)));
      await context.holds(decoded);
      const next = await rootBytes(2, { signing: KEYS.nextSigning });
      const { exported } = context.setup.model;
      cloud.onAnnounce = () => welcome(exported, { roots: [next] });
      const watches = cloud.watches.length;
      cloud.endStream();
      await context.watched(watches);
      const running = cloud.watches.at(-1)?.request.running?.number;
      expect(running === 0n, 'a Watch behind version 0', String(running));
      context.held = exported;
      const honest = context.snapshot(0.02, 3);
      context.cloud.send(responseOf(await signed(context, honest.version, { key: KEYS.nextSigning })));
      await context.holds(honest.decoded);
    },
  },
  {
    id: 'D-74',
    group,
    title: 'a device without a root takes what a signed message holds',
    proves: ['T-18'],
    async run(context) {
      await context.begin();
      const { version, decoded } = context.delta();
      context.cloud.send(responseOf(await signed(context, version, { key: KEYS.stranger })));
      await context.holds(decoded);
    },
  },
];
