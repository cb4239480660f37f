// The trainer: two models and a folder for its state. Run this first, then 02_device.mjs in another terminal.
import { startCloud } from '@renorm/cloud';

const cloud = await startCloud({
  edgeModel: 'models/fashion-edge.onnx',
  foundationModel: 'models/fashion-foundation.onnx',
  data: './state',
  port: 7443,
});
console.log(`listening on ${cloud.address}`);
process.once('SIGINT', () => cloud.close());
