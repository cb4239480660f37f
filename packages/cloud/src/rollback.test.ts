import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readParameters } from '@renorm/onnx';
import {
  applyVersion,
  concatenate,
  equalBytes,
  exportedVersion,
  type ParameterSet,
  type ParameterVersion,
  toHex,
  type VersionState,
} from '@renorm/protocol';
import { test } from 'tap';
import { edgeModel, foundationModel, modelPath } from './committed-models.test-support.js';
import { CatchUp } from './gateway/catch-up.js';
import { modelPair } from './models/model-facts.js';
import { type RollbackOptions, rollBack, versionsOf } from './rollback.js';
import { Cohorts } from './store/cohorts.js';
import { claimFolder } from './store/data-folder.js';
import { openStore } from './store/open-store.js';
import { publicationAfter } from './store/publication.test-support.js';
import { Cema } from './strategy/cema/cema.js';
import { type CohortState, freshState } from './strategy/cema/state.js';
import { encodeState } from './strategy/cema/state-codec.js';
import { stateOf } from './trainer/restart.js';

const pair = modelPair(edgeModel(), foundationModel());
const fresh = freshState(readParameters(pair.edge), readParameters(pair.foundation));
const models = { edgeModel: toHex(pair.edgeDigest), foundationModel: toHex(pair.foundationDigest) };
const shifted = (by: number): ParameterSet =>
  new Map(
    [...fresh.edge.parameters].map(([name, values]) => [name, values.map((value, i) => value + by * (i % 7) * 0.01)]),
  );

const opening = async (data: string): Promise<Cohorts> =>
  new Cohorts(await openStore(data), { exported: exportedVersion(fresh.edge.parameters) });

/** The folder of a cloud that published some versions and was stopped. */
async function stopped(
  versions: number,
): Promise<{ options: RollbackOptions & { data: string }; published: VersionState[] }> {
  const data = mkdtempSync(join(tmpdir(), 'renorm-rollback-'));
  const claim = claimFolder(data, models);
  const store = await opening(data);
  const published: VersionState[] = [exportedVersion(fresh.edge.parameters)];
  let revision = 0;
  for (let number = 1; number <= versions; number++) {
    const parent = published.at(-1) as VersionState;
    const publication = publicationAfter(parent, shifted(number), number * 1000);
    const velocities = new Map([['a', Float32Array.of(1)]]);
    const state: CohortState = {
      ...{ environment: undefined, since: 0, refused: 0 },
      ...{ steps: number, idleSteps: 0, random: 5, foundation: { parameters: shifted(9), velocities } },
      edge: { parameters: publication.latest.parameters, velocities },
    };
    revision = await store.commit('lobby', {
      ...{ revision, trained: number * 32, strategy: 'cema', state: encodeState(state) },
      ...{ publication, keepFrom: 0 },
    });
    published.push(publication.latest);
  }
  await store.close();
  claim.release();
  const [edge, foundation] = [modelPath('fashion-edge.onnx'), modelPath('fashion-foundation.onnx')];
  return { options: { data, edgeModel: edge, foundationModel: foundation, cohort: 'lobby', to: 2 }, published };
}

async function opened<Value>(data: string, look: (store: Cohorts) => Promise<Value>): Promise<Value> {
  const store = await opening(data);
  try {
    return await look(store);
  } finally {
    await store.close();
  }
}

test('an earlier version is published again as the newest, and learning goes on from it', async (t) => {
  const { options, published } = await stopped(5);
  const before = await versionsOf(options);
  t.same(
    before.map(({ number }) => number),
    [0, 1, 2, 3, 4, 5],
  );
  t.equal(before[3]?.publishedAtMs, 3000);
  t.equal(await rollBack(options), 6);
  await opened(options.data, async (store) => {
    const latest = await store.latest('lobby');
    t.match(latest, { number: 6, digest: published[2]?.digest });
    const checkpoint = await store.checkpoint('lobby');
    if (checkpoint === undefined) return t.fail('a checkpoint');
    const two = published[2]?.parameters ?? new Map();
    const cema = await Cema.open({ models: pair, threads: 1 });
    const state = stateOf(cema, checkpoint, 1, latest?.parameters ?? new Map());
    await cema.release();
    t.same(concatenate(state.edge.parameters), concatenate(two));
    t.equal(state.edge.velocities.size, 0);
    t.same(concatenate(state.foundation.parameters), concatenate(fresh.foundation.parameters));
    t.match(checkpoint, { trained: 160 });
    t.equal(state.steps, 5);
  });
});

test('devices come to it from whatever they hold, also from the version of the same parameters', async (t) => {
  const { options, published } = await stopped(5);
  await rollBack(options);
  await rollBack({ ...options, to: 5 });
  await rollBack(options);
  await opened(options.data, async (store) => {
    const catchUp = new CatchUp(store, published[0] as VersionState);
    const newest = (await store.latest('lobby')) as ParameterVersion;
    t.equal(newest.number, 8);
    const again = [6, 7].map((number) => ({ ...(published[number === 6 ? 2 : 5] as VersionState), number }));
    for (const held of [...published, ...again]) {
      const version = await catchUp.versionFor(held, 'lobby');
      const reached = version && applyVersion(held, version);
      t.ok(reached?.number === 8 && equalBytes(reached.digest, newest.digest), `from ${held.number}`);
    }
    t.equal(await catchUp.versionFor(newest, 'lobby'), undefined);
  });
});

test('back to the model as exported, and under a number above what devices hold', async (t) => {
  const { options, published } = await stopped(3);
  t.equal(await rollBack({ ...options, to: 0 }), 4);
  t.equal(await rollBack({ ...options, to: 4, number: 21 }), 21);
  t.same(
    (await versionsOf(options)).map(({ number }) => number),
    [0, 1, 2, 3, 4, 21],
  );
  await opened(options.data, async (store) =>
    t.match(await store.latest('lobby'), { number: 21, digest: published[0]?.digest }),
  );
  t.equal(await rollBack({ ...options, to: 3 }), 22);
  await opened(options.data, async (store) =>
    t.match(await store.latest('lobby'), { number: 22, digest: published[3]?.digest }),
  );
});

test('what cannot be done is named, and changes nothing', async (t) => {
  const { options } = await stopped(2);
  const refused = (changes: Partial<RollbackOptions>, message: RegExp, code = 'REQUEST_INVALID') =>
    t.rejects(rollBack({ ...options, ...changes }), { code, message });
  await refused({ to: 3 }, /version 3 of cohort lobby cannot be had: kept are 0 and 1 to 2/);
  await refused({ number: 2 }, /number 2 is not above 2/);
  await t.rejects(rollBack({ ...options, number: 2 ** 53 - 1 }), {
    code: 'VERSION_NUMBER',
    message: /version 9007199254740991 is not below 2\^53 - 2\^32/,
  });
  await refused({ cohort: 'cellar' }, /no cohort cellar: it has lobby/);
  await refused({ data: '/nowhere/at/all' }, /no folder/);
  await refused(
    { foundationModel: modelPath('fashion-edge.onnx') },
    /belongs to the foundation model/,
    'DATA_OTHER_MODEL',
  );
  t.same(
    (await versionsOf(options)).map(({ number }) => number),
    [0, 1, 2],
  );
});

test('a folder whose cloud runs can be rolled back', async (t) => {
  const { options } = await stopped(2);
  const claim = claimFolder(options.data, models);
  t.teardown(() => claim.release());
  t.equal(await rollBack({ ...options, to: 1 }), 3);
});
