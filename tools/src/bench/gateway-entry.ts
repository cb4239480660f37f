import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCloud } from '@renorm/cloud';
import { repositoryPath } from '../repository.js';

/** The cloud process of the gateway benchmark: trains with the defaults, or, asked to idle, never. */
const idle = process.argv[2] === 'idle';
const data = await mkdtemp(join(tmpdir(), 'renorm-bench-'));
const cloud = await startCloud({
  edgeModel: repositoryPath('models/fashion-edge.onnx'),
  foundationModel: repositoryPath('models/fashion-foundation.onnx'),
  data,
  port: 0,
  ...(idle && { roles: ['gateway'] as const }),
  limits: { maxUntrainedSamples: 1_000_000 },
});
process.send?.(cloud.address);
process.once('disconnect', async () => {
  await cloud.close();
  await rm(data, { recursive: true, force: true });
});
