import { FakeCloud } from './fake-cloud.test-support.js';
import { marked, TINY_SHAPE, tinyParameters } from './tiny-model.test-support.js';

// A cloud in a process of its own, to be killed: publishes as many versions as its second argument says, tells its port
// and every sample that it acknowledged.

const [, , port = '0', versions = '0'] = process.argv;
const cloud = await FakeCloud.start(TINY_SHAPE, tinyParameters(), Number(port));
cloud.onUpload = ({ samples }) => {
  for (const { sequence } of samples) process.send?.({ sequence });
};
for (let n = 1; n <= Number(versions); n++) cloud.publish(marked(n));
process.send?.({ port: cloud.port });
