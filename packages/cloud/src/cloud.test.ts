import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { equalBytes, seededRandom, toHex } from '@renorm/protocol';
import { test } from 'tap';
import { type Cloud, startCloud } from './cloud.js';
import type { CloudOptions } from './cloud-options.js';
import { hazyImages, modelPath } from './committed-models.test-support.js';
import type { CloudEvent } from './events.js';
import { RawClient } from './raw-client.test-support.js';
import type { StepReport } from './trainer/messages.js';

const folder = (): string => mkdtempSync(join(tmpdir(), 'renorm-cloud-'));

function start(options: Partial<CloudOptions> = {}): Promise<Cloud> {
  return startCloud({
    edgeModel: modelPath('fashion-edge.onnx'),
    foundationModel: modelPath('fashion-foundation.onnx'),
    // What is asked here is of the cloud around a strategy; of this one it is known what it makes of how many samples.
    strategy: 'cema',
    data: folder(),
    port: 0,
    threads: 1,
    ...options,
  });
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1_200 && !(await condition()); i++) await sleep(50);
  if (!(await condition())) throw new Error('waited a minute in vain');
}

test('uploads are trained on and come back as versions that decode to the announced digest', async (t) => {
  const cloud = await start();
  const client = new RawClient(cloud.address, 'lobby');
  t.teardown(async () => {
    client.close();
    await cloud.close();
  });
  const welcome = await client.announce();
  t.equal(welcome.latest?.number, 0n);
  t.ok(
    equalBytes(welcome.latest?.digest ?? new Uint8Array(), client.exported.digest),
    'version 0 is the model as exported',
  );

  const images = hazyImages(0, 96);
  for (let i = 0; i < 96; i += 32) {
    const { acknowledgedSequence, budgetLeft } = await client.upload(images.slice(i, i + 32), i + 1);
    t.equal(acknowledgedSequence, BigInt(i + 32));
    t.ok(budgetLeft > 0.9 && budgetLeft < 1, 'what waits for training is a part of the budget');
  }
  const { held, kinds } = await client.follow(client.exported, 3);
  t.equal(held.number, 3);
  t.ok(kinds.includes('delta'), 'who follows along gets deltas');
  t.notOk(equalBytes(held.digest, client.exported.digest));

  const fromTheStart = await client.follow(client.exported, 3);
  t.same(fromTheStart.held.parameters, held.parameters, 'who comes later holds the same numbers');
  const stranger = { ...client.exported, number: 2, digest: new Uint8Array(32).fill(9) };
  const snapshot = await client.follow(stranger, 3);
  t.same(snapshot.kinds, ['snapshot'], 'who holds something unknown gets a snapshot');
  t.same(snapshot.held.digest, held.digest);
});

test('an upload sent twice is acknowledged twice and counts once', async (t) => {
  const cloud = await start({ adaptation: { samplesPerStep: 1_000 } });
  const client = new RawClient(cloud.address, 'twice');
  t.teardown(async () => {
    client.close();
    await cloud.close();
  });
  const images = hazyImages(0, 8);
  await client.upload(images, 1);
  const again = await client.upload(images, 1);
  t.equal(again.duplicates, 8);
  t.equal(again.acknowledgedSequence, 8n);
  t.match(await cloud.status(), [{ cohort: 'twice', received: 8 }]);
});

test('a device with another model, a wrong shape and a full budget are refused by name, and the cloud goes on', async (t) => {
  const cloud = await start({ adaptation: { samplesPerStep: 1_000 }, limits: { maxUntrainedSamples: 8 } });
  const client = new RawClient(cloud.address, 'refused');
  t.teardown(async () => {
    client.close();
    await cloud.close();
  });
  await t.rejects(client.announce(new Uint8Array(32)), {
    code: 9,
    details: new RegExp(
      `^MODEL_UNKNOWN: device raw runs the model 0{64}, this cloud adapts ${toHex(client.modelDigest)}`,
    ),
  });
  await t.rejects(client.upload([new Float32Array(4)], 1, [1, 2, 2]), {
    code: 3,
    details: /^SAMPLE_INVALID: .*\[1,2,2\].*\[1,28,28\]/,
  });
  const watch = new RawClient(cloud.address, 'not a name');
  await t.rejects(watch.follow(client.exported, 1), { code: 3, details: /^REQUEST_INVALID: .*cohort/ });
  watch.close();
  await client.upload(hazyImages(0, 8), 1);
  await t.rejects(client.upload(hazyImages(8, 8), 9), { code: 8, details: /^BUDGET_EXHAUSTED/ });
  t.match(await cloud.status(), [{ received: 8 }]);
});

test('idle replay goes on while no new samples come, up to its limit, and publishes what it did', async (t) => {
  const cloud = await start({
    // Hazy images alone, a few at a time: how far idle steps get is asked here, not whether a version is better.
    gate: 'none',
    adaptation: { replayStartsAt: 32, idleReplayBatch: 16, idleReplaySteps: 3, samplesPerStep: 16 },
    // On a busy machine three steps take longer than the default: only the last one is to publish.
    publishing: { idleIntervalMs: 3_600_000 },
  });
  const client = new RawClient(cloud.address, 'idle');
  t.teardown(async () => {
    client.close();
    await cloud.close();
  });
  await client.upload(hazyImages(0, 48), 1);
  await until(async () => ((await cloud.status())[0]?.lastStep?.step ?? 0) >= 6);
  await sleep(300);
  t.match(await cloud.status(), [{ trained: 48, version: 4, lastStep: { step: 6, idle: true } }]);
});

test('versions that random pixels make are refused, in words, unless the gate is off', async (t) => {
  const random = seededRandom(1);
  const noise = Array.from({ length: 96 }, () => Float32Array.from({ length: 784 }, () => random()));
  // A learning rate that spoils the model at once.
  const spoiling = { edgeLearningRate: 2, idleReplay: false };
  const verdicts = async (gate: 'held-out' | 'none'): Promise<StepReport['verdict'][]> => {
    const told: StepReport['verdict'][] = [];
    const onEvent = (event: CloudEvent): void => void (event.kind === 'step' && told.push(event.verdict));
    const cloud = await start({ gate, adaptation: spoiling, onEvent });
    const client = new RawClient(cloud.address, 'pixels');
    for (let i = 0; i < 96; i += 32) await client.upload(noise.slice(i, i + 32), i + 1);
    await until(async () => told.length === 3);
    const published = told.filter((verdict) => verdict?.decision === 'publish').length;
    t.match(await cloud.status(), [{ version: published }]);
    client.close();
    await cloud.close();
    return told;
  };
  const refused = (await verdicts('held-out')).filter((verdict) => verdict?.decision !== 'publish');
  t.ok(refused.length > 0);
  for (const verdict of refused) t.match(verdict, { decision: 'keep', reason: /worse than/ });
  t.same(
    (await verdicts('none')).map((verdict) => verdict?.decision),
    ['publish', 'publish', 'publish'],
  );
});

test('a cloud that is started again goes on from its last version', async (t) => {
  const data = folder();
  const first = await start({ data });
  const client = new RawClient(first.address, 'again');
  await client.upload(hazyImages(0, 40), 1);
  await until(async () => (await first.status())[0]?.version === 1);
  client.close();
  await t.rejects(start({ data }), { code: 'DATA_IN_USE' });
  await first.close();

  const second = await start({ data });
  const later = new RawClient(second.address, 'again');
  t.teardown(async () => {
    later.close();
    await second.close();
  });
  t.match(await second.status(), [{ version: 1, received: 40, trained: 32 }]);
  await later.upload(hazyImages(40, 24), 41);
  await until(async () => (await second.status())[0]?.version === 2);
  t.match(
    await second.status(),
    [{ received: 64, trained: 64 }],
    'the eight that waited were trained on with the new ones',
  );
});

test('a gateway alone needs no foundation model, and takes in what a trainer will learn from', async (t) => {
  const cloud = await start({ roles: ['gateway'], foundationModel: undefined });
  const client = new RawClient(cloud.address, 'alone');
  t.teardown(async () => {
    client.close();
    await cloud.close();
  });
  t.match(await client.upload(hazyImages(0, 40), 1), { acknowledgedSequence: 40n });
  t.match(await cloud.status(), [{ cohort: 'alone', received: 40, trained: 0, version: 0 }]);
  await t.rejects(start({ foundationModel: undefined }), { code: 'REQUEST_INVALID', message: /foundation model/ });
});

test('what cannot work is said before anything starts', async (t) => {
  await t.rejects(start({ edgeModel: 'nowhere.onnx' }), { code: 'MODEL_UNREADABLE', message: /nowhere.onnx/ });
  await t.rejects(start({ edgeModel: new Uint8Array() }), { code: 'ONNX_NOT_A_MODEL', message: /edge model/ });
  await t.rejects(start({ gate: 'open' as 'none' }), { code: 'REQUEST_INVALID', message: /gate open.*held-out, none/ });
  await t.rejects(start({ adaptation: { momentum: 2 } }), { code: 'REQUEST_INVALID', message: /momentum/ });
  const cloud = await start();
  const port = Number(cloud.address.split(':')[1]);
  await t.rejects(start({ port }), {
    code: 'REQUEST_INVALID',
    message: new RegExp(`cannot listen on 127.0.0.1:${port}`),
  });
  await cloud.close();
});
