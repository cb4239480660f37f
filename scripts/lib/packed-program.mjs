// What a user's first program may look like: a cloud and a device in one process, from the packages as they are packed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RenormError as CloudError, startCloud } from '@renorm/cloud';
import { openDevice, RenormError } from '@renorm/edge/node';

const model = (name) => fileURLToPath(import.meta.resolve(`@renorm/models/fashion-${name}.onnx`));
const data = mkdtempSync(join(tmpdir(), 'renorm-packed-'));
const cloud = await startCloud({ edgeModel: model('edge'), foundationModel: model('foundation'), data, port: 0 });
const device = await openDevice({ model: model('edge'), cloud: cloud.address, cohort: 'packed' });
const { probabilities, version } = await device.infer(new Float32Array(784).fill(0.5));
await device.close();
const closed = await device.infer(new Float32Array(784)).catch((error) => error);
await cloud.close();
rmSync(data, { recursive: true });
console.log(
  JSON.stringify({
    classes: probabilities.length,
    version,
    error: closed.code,
    isOne: closed instanceof RenormError && RenormError === CloudError,
    telemetryOff: process.env.ORT_DISABLE_TELEMETRY === '1',
  }),
);
