// A device: the same model, and where the cloud is. It predicts with or without a cloud.
import { openDevice } from '@renorm/edge/node';

const device = await openDevice({ model: 'models/fashion-edge.onnx', cloud: 'localhost:7443', cohort: 'lobby' });
for (let i = 0; i < 1000; i++) {
  const image = Float32Array.from({ length: 28 * 28 }, () => Math.random()); // your camera here, values in [0, 1]
  const { label, entropy, version } = await device.infer(image);
  if (i % 100 === 0) console.log(`class ${label}, entropy ${entropy.toFixed(2)} nats, model version ${version}`);
}
await device.close();
