import { readFile } from 'node:fs/promises';
import { modelPair } from '@renorm/cloud/internal';
import { type Clock, Device, type Inference, policyOf, type Transport, TUNING_DEFAULTS } from '@renorm/edge';
import { labelledStream, openMethod, readLabelledImages } from '@renorm/eval';
import { type EncodedSample, encodeSample, RenormError, seededRandom, type VersionState } from '@renorm/protocol';
import { test } from 'tap';
import { repositoryPath } from './support/cloud-process.js';
import { InProcessCloud } from './support/in-process-cloud.js';

const COHORT = 'lobby';
/** In an upload, and for a step. */
const BATCH = 8;

/** Time stands still until it is wound: nothing here waits for it. */
class WoundClock implements Clock {
  #at = 0;
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  now(): number {
    return 1e12 + this.#at;
  }

  monotonic(): number {
    return this.#at;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#at + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  soon(callback: () => void): void {
    queueMicrotask(callback);
  }

  wind(ms: number): void {
    this.#at += ms;
    for (const timer of this.#timers) {
      if (timer.at > this.#at) continue;
      this.#timers.delete(timer);
      timer.callback();
    }
  }
}

/** Waits for what is under way in this thread. */
async function until(what: string, holds: () => boolean): Promise<void> {
  for (let turns = 0; !holds(); turns++) {
    if (turns > 10_000) throw new Error(`it never came: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A device that closes looks again and again whether it has anything left to upload. */
async function close(device: Device, clock: WoundClock): Promise<void> {
  let isClosed = false;
  const closing = device.close().then(() => {
    isClosed = true;
  });
  await until('the end', () => {
    clock.wind(1);
    return isClosed;
  });
  await closing;
}

async function open() {
  const file = async (name: string) => ({ name, bytes: await readFile(repositoryPath(`models/${name}`)) });
  const models = modelPair(await file('fashion-edge.onnx'), await file('fashion-foundation.onnx'));
  const training = await openMethod({ models, strategy: 'cema', adaptation: { samplesPerStep: BATCH } });
  const cloud = new InProcessCloud(training, BATCH);
  const clock = new WoundClock();
  const { sampleShape: shape, classes, output, edgeDigest: modelDigest } = models;
  const openDevice = (id: string, transport: Transport = cloud.connect()): Device => {
    let running: VersionState = training.exported;
    const inference: Inference = {
      async run(data) {
        const { number, parameters } = running;
        return { logits: await training.edgeLogits(parameters, { data, count: 1 }), version: number };
      },
      async load(version) {
        running = version;
      },
      encode: async (sample): Promise<EncodedSample> => encodeSample(sample),
      close: async () => undefined,
    };
    const fraction = seededRandom(1);
    return new Device({
      ...{ id, cohort: COHORT, modelDigest, shape, classes, exported: training.exported, inference, transport, clock },
      model: { shape, classes, output, changes: [] },
      random: { fraction, bytes: (count) => new Uint8Array(count).fill(id.charCodeAt(0)) },
      tuning: { ...TUNING_DEFAULTS, selection: policyOf('everything') },
    });
  };
  return { training, cloud, clock, openDevice };
}

test('the whole loop runs in one thread: predict, select, upload, step, version, swap', async (t) => {
  const { training, cloud, clock, openDevice } = await open();
  const { cohorts } = training;
  const images = await readLabelledImages(repositoryPath('models/fashion-mnist'));
  const stream = await labelledStream(images, { corruption: 'gaussian_noise', severity: 5, count: 4 * BATCH, seed: 1 });
  const device = openDevice('a');
  await until('a connection', () => device.status().connected);
  for (let round = 0; round < 3; round++) {
    for (const input of stream.inputs.slice(round * BATCH, (round + 1) * BATCH))
      t.equal((await device.infer(input)).version, round, 'predicted with the version that came of the round before');
    await until('an upload', () => device.status().uploaded === (round + 1) * BATCH);
    t.equal(await cloud.train(), 1, 'one step');
    await until('a version', () => device.status().version === round + 1);
  }

  const stored = await cohorts.samples(COHORT, [0, 3 * BATCH - 1]);
  t.match(stored, [
    { device: 'a', sequence: 1, selection: { policy: 'everything', reason: 'kept' } },
    { device: 'a', sequence: 3 * BATCH },
  ]);
  const latest = await cohorts.latest(COHORT);
  const next = stream.inputs[3 * BATCH] as Float32Array;
  const trained = await training.edgeLogits(latest?.parameters ?? new Map(), { data: next, count: 1 });
  const { label, version } = await device.infer(next);
  t.same([label, version], [trained.indexOf(Math.max(...trained)), 3], 'as the cloud would predict');
  t.notSame(latest?.digest, training.exported.digest);

  const late = openDevice('b');
  await until('the newest version', () => late.status().version === 3);
  t.equal(cloud.sent.length, 4, 'whoever comes late gets one message');
  const busy = process.getActiveResourcesInfo().filter((name) => /TCP|MessagePort|FSReq/.test(name));
  t.same(busy, [], 'no sockets, threads or files are open');
  await close(device, clock);
  await close(late, clock);
  await cloud.close();
});

test('an upload whose answer is lost is learnt from once', async (t) => {
  const { training, cloud, clock, openDevice } = await open();
  const { upload, ...connection } = cloud.connect();
  let lost = 1;
  const device = openDevice('a', {
    ...connection,
    async upload(request) {
      const answer = await upload(request);
      if (lost-- > 0) throw new RenormError('CLOUD_UNREACHABLE', 'cut off.');
      return answer;
    },
  });
  await until('a connection', () => device.status().connected);
  for (let i = 0; i < BATCH; i++) await device.infer(new Float32Array(784).fill(i / BATCH));
  await until('the loss', () => !device.status().connected);
  t.match(device.status(), { uploaded: 0, pending: BATCH });
  clock.wind(60_000);
  await until('the same samples again', () => device.status().uploaded === BATCH);
  t.equal((await training.cohorts.standing(COHORT)).received, BATCH);
  t.equal(await cloud.train(), 1);
  await until('a version', () => device.status().version === 1);
  await close(device, clock);
  await cloud.close();
});
