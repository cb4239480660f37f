import { create, type Difference, toBinary, type Version, VersionSchema, WatchResponseSchema } from '@renorm/protocol';
import type { Case } from '../case.js';
import { seededBytes } from '../seeded.js';
import type { ClientContext } from './context.js';

const group = 'Versions';
const refusals = 'Versions that have to be refused';

const response = (version: Version): Uint8Array =>
  toBinary(WatchResponseSchema, create(WatchResponseSchema, { version }));

/** A copy with something changed. */
function changed(version: Version, change: (copy: Version) => void): Version {
  const copy = structuredClone(version);
  change(copy);
  return copy;
}

/** A copy with its data changed. */
const withData = (version: Version, change: (data: Uint8Array) => Uint8Array): Version =>
  changed(version, ({ content }) => {
    const difference: Difference | undefined = content.case === 'delta' ? content.value.difference : content.value;
    if (difference !== undefined) difference.data = change(difference.data);
  });

export const VERSION_CASES: readonly Case<ClientContext>[] = [
  {
    id: 'D-20',
    group,
    title: 'deltas of every size are decoded to the bit, one after the other',
    proves: ['D-3', 'D-4', 'D-8', 'D-9', 'D-12', 'V-5', 'V-11', 'W-7'],
    async run(context) {
      await context.begin();
      for (const size of [1e-4, 1e-3, 0.01, 0.05, 0.2, 0.5]) {
        const { version, decoded } = context.delta(size);
        context.send(version);
        await context.holds(decoded);
      }
    },
  },
  {
    id: 'D-21',
    group,
    title: 'a stream of ten deltas is taken in order',
    proves: ['W-7', 'V-6'],
    async run(context) {
      await context.begin();
      for (let i = 0; i < 10; i++) {
        const { version, decoded } = context.delta();
        context.send(version);
        context.held = decoded;
      }
      await context.holds(context.held);
    },
  },
  {
    id: 'D-22',
    group,
    title: 'a snapshot is taken from any version',
    proves: ['D-4', 'V-5'],
    async run(context) {
      await context.begin();
      for (let i = 0; i < 2; i++) {
        const { version, decoded } = context.snapshot(0.3);
        context.send(version);
        await context.holds(decoded);
      }
    },
  },
  {
    id: 'D-23',
    group,
    title: 'a version that skips numbers is taken',
    proves: ['W-14', 'W-5'],
    async run(context) {
      await context.begin();
      const { version, decoded } = context.delta(0.02, 1000);
      context.send(version);
      await context.holds(decoded);
      await context.takes();
    },
  },
  {
    id: 'D-24',
    group,
    title: 'the version that it holds, sent again, changes nothing',
    proves: ['W-9'],
    async run(context) {
      await context.begin();
      const { version, decoded } = context.delta();
      for (let i = 0; i < 3; i++) context.send(version);
      await context.holds(decoded);
      await context.takes();
    },
  },
  {
    id: 'D-30',
    group: refusals,
    title: 'a delta of another parent: another number, another digest, or none',
    proves: ['V-6', 'W-8', 'W-13'],
    async run(context) {
      await context.begin();
      await context.takes();
      const parents = [{ number: 7n }, { digest: new Uint8Array(32) }];
      for (const parent of parents) {
        const version = changed(context.delta().version, ({ content }) => {
          if (content.case === 'delta' && content.value.parent !== undefined)
            Object.assign(content.value.parent, parent);
        });
        await context.refuses('a delta of another parent', response(version));
      }
      const orphan = changed(context.delta().version, ({ content }) => {
        if (content.case === 'delta') delete content.value.parent;
      });
      await context.refuses('a delta without a parent', response(orphan));
    },
  },
  {
    id: 'D-31',
    group: refusals,
    title: 'one that decodes to other than its digest',
    proves: ['V-5', 'W-8', 'W-13'],
    async run(context) {
      await context.begin();
      for (const make of [() => context.delta().version, () => context.snapshot().version]) {
        const version = changed(make(), (copy) => (copy.digest = new Uint8Array(32).fill(7)));
        await context.refuses('a wrong digest', response(version));
      }
    },
  },
  {
    id: 'D-32',
    group: refusals,
    title: 'damaged data: cut short, longer, empty, random, with a bit changed',
    proves: ['V-8', 'V-10', 'D-7', 'D-10', 'W-8', 'W-13'],
    async run(context) {
      await context.begin();
      const random = seededBytes(32);
      const damages: [string, (data: Uint8Array) => Uint8Array][] = [
        ['data cut short', (data) => data.slice(0, -2)],
        ['data with a byte more', (data) => Uint8Array.of(...data, 1)],
        ['no data', () => new Uint8Array()],
        ['random data', () => random(500)],
        ['data of zeros', () => new Uint8Array(100_000)],
        ['data with a bit changed', (data) => data.map((byte, i) => (i === 10 ? byte ^ 4 : byte))],
      ];
      for (const [what, damage] of damages)
        await context.refuses(what, response(withData(context.delta().version, damage)));
    },
  },
  {
    id: 'D-33',
    group: refusals,
    title: 'another number of values, and a count of 4 billion',
    proves: ['D-6', 'V-8', 'V-10'],
    async run(context) {
      await context.begin();
      for (const count of [1, 0xffff_ffff]) {
        const version = changed(context.delta().version, ({ content }) => {
          if (content.case === 'delta' && content.value.difference !== undefined)
            content.value.difference.count = count;
        });
        await context.refuses(`a count of ${count}`, response(version));
      }
    },
  },
  {
    id: 'D-34',
    group: refusals,
    title: 'a version without content, a number from 2^53 - 2^32 on, a message without a version',
    proves: ['V-8', 'V-9', 'W-10'],
    async run(context) {
      await context.begin();
      const bare = changed(context.delta().version, (copy) => (copy.content = { case: undefined }));
      await context.refuses('a version without content', response(bare));
      const far = changed(context.delta().version, (copy) => (copy.number = 2n ** 60n));
      await context.refuses('version 2^60', response(far));
      const last = changed(context.delta().version, (copy) => (copy.number = 2n ** 53n - 2n ** 32n));
      await context.refuses('version 2^53 - 2^32', response(last));
      await context.refuses('a message without a version', new Uint8Array());
    },
  },
  {
    id: 'D-35',
    group: refusals,
    title: 'bytes that are no message, and messages with random bytes in any place',
    proves: ['L-7', 'L-8', 'W-8', 'W-13'],
    async run(context) {
      await context.begin();
      const random = seededBytes(35);
      await context.refuses('random bytes', Uint8Array.of(0xff, ...random(64)));
      const whole = toBinary(VersionSchema, context.delta().version);
      await context.refuses('a truncated message', response(context.delta().version).subarray(0, whole.length - 20));
      for (let i = 0; i < 4; i++) {
        const message = response(context.delta().version);
        // Behind the field's head and the number: in the digest, which is checked whatever else is.
        message.set(random(8), 8);
        await context.refuses('random bytes in a version', message);
      }
    },
  },
  {
    id: 'D-36',
    group: refusals,
    title: 'a message of 64 MiB',
    proves: ['L-1', 'W-8', 'W-13'],
    async run(context) {
      await context.begin();
      const version = withData(context.delta().version, () => new Uint8Array(64 * 2 ** 20));
      await context.refuses('a message of 64 MiB', response(version));
    },
  },
  {
    id: 'D-37',
    group: refusals,
    title: 'a stream that brings nothing new for ever',
    proves: ['W-11'],
    async run(context) {
      await context.begin();
      await context.takes();
      const { version } = context.snapshot();
      context.send(version);
      const again = response(version);
      const { cloud } = context;
      const announcements = cloud.announcements.length;
      for (let i = 0; i < 200 && cloud.announcements.length === announcements; i++) {
        if (cloud.watches.at(-1)?.call.cancelled) break;
        cloud.send(again);
        await cloud.until(() => cloud.announcements.length > announcements, 10);
      }
      await context.announced(announcements);
    },
  },
];
