import { test } from 'tap';
import { rollBack, startCloud, versionsOf, writeNextRoot } from './index.js';

const right = { edgeModel: 'edge.onnx', foundationModel: 'foundation.onnx', data: '/nowhere' };

/** As a program in plain JavaScript would call it. */
const call = (to: (options: never) => Promise<unknown>, options: unknown): Promise<unknown> => to(options as never);

test('plain JavaScript hears of names and values that are wrong before anything starts', async (t) => {
  const refused = (to: (options: never) => Promise<unknown>, options: object, message: RegExp): Promise<unknown> =>
    t.rejects(call(to, options), { code: 'REQUEST_INVALID', message });
  await refused(
    startCloud,
    { ...right, port: '7443' },
    /the option port of startCloud is the text '7443', and has to be a number/,
  );
  await refused(startCloud, { ...right, edgemodel: 'x' }, /no option edgemodel; did you mean edgeModel\?/);
  await refused(startCloud, { ...right, limits: { maxSamples: 1 } }, /startCloud has no option limits\.maxSamples/);
  await refused(startCloud, { ...right, publishing: { everyStep: 2 } }, /did you mean publishing\.everySteps\?/);
  await refused(startCloud, { edgeModel: 'edge.onnx' }, /in a folder \(data, --data\) or in a store on NATS/);
  await refused(rollBack, { ...right, cohort: 'lobby' }, /rollBack needs the option to, a number/);
  await refused(versionsOf, right, /versionsOf needs the option cohort/);
  await refused(writeNextRoot, { roots: 'roots', rootKeys: 'x' }, /did you mean rootKey\?/);
});
