import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCloud } from '@renorm/cloud';
import { openDevice } from '@renorm/edge/node';
import { labelledStream, readLabelledImages } from '@renorm/eval';
import { test } from 'tap';
import { repositoryPath } from './support/cloud-process.js';

const edgeModel = repositoryPath('models/fashion-edge.onnx');

test('a cloud has settled when what has come is trained on, and not before', async (t) => {
  const cloud = await startCloud({
    edgeModel,
    data: await mkdtemp(join(tmpdir(), 'renorm-settled-')),
    port: 0,
    strategy: 'statistics',
    threads: 1,
  });
  t.teardown(() => cloud.close());
  await cloud.settled();
  const queue = { lingerMs: 86_400_000 };
  const device = await openDevice({
    model: edgeModel,
    cloud: cloud.address,
    cohort: 'a',
    selection: 'everything',
    queue,
  });
  t.teardown(() => device.close());
  const images = await readLabelledImages(repositoryPath('models/fashion-mnist'));
  const { inputs } = await labelledStream(images, { corruption: 'fog', severity: 5, count: 13, seed: 1 });
  for (const input of inputs) await device.infer(input);
  t.equal(await device.flush(), 0);
  await cloud.settled();
  const [status] = await cloud.status();
  t.match(status, { received: 13, trained: 12 }, 'a dozen is trained on, and the rest waits for another');
  t.ok((status?.version ?? 0) > 0);
});
