import { test } from 'tap';
import { openDevice } from './index.js';
import { TINY_MODEL } from './tiny-model.test-support.js';

const right = { model: TINY_MODEL, cloud: '127.0.0.1:1', cohort: 'lobby' };

/** As a program in plain JavaScript would call it. */
const open = (options: unknown): Promise<unknown> => openDevice(options as Parameters<typeof openDevice>[0]);

test('plain JavaScript hears of a name that there is not, with the one that was meant', async (t) => {
  const refused = (options: object, message: RegExp): Promise<unknown> =>
    t.rejects(open({ ...right, ...options }), { code: 'REQUEST_INVALID', message });
  await refused(
    { preprocesing: { fit: 'crop' } },
    /openDevice has no option preprocesing; did you mean preprocessing\?/,
  );
  await refused({ preprocessing: { fit: 'crop', shorterside: 256 } }, /did you mean preprocessing\.shorterSide\?/);
  await refused({ queue: { maxpending: 1 } }, /did you mean queue\.maxPending\?/);
  await refused(
    { selection: { policy: 'cema', redundancyMargins: 1 } },
    /'cema' has no option redundancyMargins; did you mean redundancyMargin\?/,
  );
  await refused({ selection: { shares: 1 } }, /'renorm' has no option shares; did you mean share\?/);
  await refused({ selection: { policy: 'random', shares: 1 } }, /'random' has no option shares; did you mean share\?/);
});

test('plain JavaScript hears of a value of another kind, and of what it left out', async (t) => {
  await t.rejects(open({ ...right, quality: '80' }), {
    message: /quality of openDevice is the text '80', and has to be a number/,
  });
  await t.rejects(open({ ...right, preprocessing: { fit: 'middle' } }), {
    message: /preprocessing\.fit .* 'none', 'stretch', 'crop'/,
  });
  await t.rejects(open({ model: TINY_MODEL, cloud: '127.0.0.1:1' }), { message: /openDevice needs the option cohort/ });
  await t.rejects(open(undefined), { code: 'REQUEST_INVALID', message: /takes an object of options/ });
});
