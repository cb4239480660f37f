import {
  applyVersion,
  encodeDelta,
  exportedVersion,
  type ParameterSet,
  toBinary,
  VersionSchema,
  type VersionState,
} from '@renorm/protocol';
import { test } from 'tap';
import { Cohorts } from '../store/cohorts.js';
import { MemoryStore } from '../store/memory.js';
import { CatchUp } from './catch-up.js';

const SIZE = 256;
const gammas = (phase: number): ParameterSet =>
  new Map([['bn/gamma', Float32Array.from({ length: SIZE }, (_, i) => 1 + Math.sin(i * 1.3 + phase) / 4)]]);

/** A store with so many versions, and what a device holds that has each. */
async function published(count: number): Promise<{ store: Cohorts; states: VersionState[]; catchUp: CatchUp }> {
  const exported = exportedVersion(gammas(0));
  const store = new Cohorts(new MemoryStore(), { exported });
  const states: VersionState[] = [exported];
  let revision = 0;
  for (let i = 1; i <= count; i++) {
    const parent = states[i - 1] as VersionState;
    const { version, decoded } = encodeDelta(parent, gammas(i / 20), { publishedAtMs: i, steps: [0.01] });
    const stored = {
      number: i,
      digest: decoded.digest,
      parentDigest: parent.digest,
      message: toBinary(VersionSchema, version),
    };
    const publication = { latest: decoded, stored };
    const state = new Uint8Array();
    const commit = { revision, trained: 0, strategy: 'cema', state, publication, keepFrom: 0 };
    revision = await store.commit('lobby', commit);
    states.push(decoded);
  }
  return { store, states, catchUp: new CatchUp(store, states[0] as VersionState) };
}

test('a device that missed any number of versions gets one message, the smaller of delta and snapshot', async (t) => {
  const { store, states, catchUp } = await published(30);
  t.teardown(() => store.close());
  const cases = new Set<string | undefined>();
  for (const held of states.slice(0, 30)) {
    const version = await catchUp.versionFor(held, 'lobby');
    if (version === undefined) throw new Error('nothing to send');
    t.same(applyVersion(held, version), states[30], `from ${held.number}`);
    cases.add(version.content.case);
    const snapshot = await catchUp.versionFor({ number: 1, digest: new Uint8Array(32) }, 'lobby');
    t.equal(snapshot?.content.case, 'snapshot');
    t.ok(toBinary(VersionSchema, version).length <= toBinary(VersionSchema, snapshot ?? version).length);
  }
  t.same([...cases].sort(), ['delta', 'snapshot']);
  t.equal(await catchUp.versionFor(states[30] as VersionState, 'lobby'), undefined, 'the newest version lacks nothing');
});

test('who holds something unknown gets a snapshot; a cohort without versions sends nobody anywhere but to version 0', async (t) => {
  const { store, states, catchUp } = await published(2);
  t.teardown(() => store.close());
  const strange = await catchUp.versionFor({ number: 9, digest: new Uint8Array(32).fill(1) }, 'lobby');
  t.equal(strange?.content.case, 'snapshot');
  const exported = states[0] as VersionState;
  t.equal(await catchUp.versionFor(exported, 'empty'), undefined);
  t.equal((await catchUp.versionFor(states[2] as VersionState, 'empty'))?.number, 0n);
});
