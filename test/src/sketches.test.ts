import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCloud } from '@renorm/cloud';
import { openDevice } from '@renorm/edge/node';
import { labelledStream, readLabelledImages } from '@renorm/eval';
import { test } from 'tap';
import { until } from './faults/cloud.js';
import { repositoryPath } from './support/cloud-process.js';

test('a cohort adapts though no image leaves its device', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'renorm-sketches-'));
  t.teardown(() => rm(data, { recursive: true, force: true }));
  const edgeModel = repositoryPath('models/fashion-edge.onnx');
  const cloud = await startCloud({ data, edgeModel, strategy: 'statistics', port: 0 });
  t.teardown(() => cloud.close());
  const device = await openDevice({
    ...{ model: edgeModel, cloud: cloud.address, cohort: 'lobby', id: 'cam-1', queue: { lingerMs: 50 } },
    ...{ upload: 'none', sketches: { every: 1, window: 32 } },
  });
  t.teardown(() => device.close());
  t.ok(await until(() => device.status().connected, 20), 'a connection');
  const images = await readLabelledImages(repositoryPath('models/fashion-mnist'));
  const { inputs, labels } = await labelledStream(images, { corruption: 'fog', severity: 5, count: 264, seed: 1 });
  const hits = async (from: number, to: number): Promise<number> => {
    let right = 0;
    for (let i = from; i < to; i++)
      right += (await device.infer(inputs[i] as Float32Array)).label === labels[i] ? 1 : 0;
    return right;
  };
  const before = await hits(0, 32);
  t.ok(await until(() => device.status().version === 1, 20), 'a version of the first sketch');
  await hits(32, 64);
  t.ok(await until(() => device.status().version === 2, 20), 'a version of both');
  const after = await hits(64, 264);
  t.ok(after / 200 > before / 32 + 0.1, `${before} of 32 right before, ${after} of 200 after`);
  t.equal(device.status().selected, 0, 'no sample was selected');
  await device.close();
  t.same([device.status().dropped, device.status().lastError], [0, undefined]);
});
