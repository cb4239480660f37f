import { test } from 'tap';
import { checkAgreed, modelFactsMessage, parseModelFacts } from './model-facts.js';

const ours = { output: 'logits', sampleShape: [3, 8, 8], classes: 5 };
const received = (facts: typeof ours) => parseModelFacts(modelFactsMessage(facts));

test('a device that takes its model for what the cloud does, or does not say, is let in', async (t) => {
  t.same(received(ours), ours);
  checkAgreed('cam', received(ours), ours);
  checkAgreed('cam', parseModelFacts(undefined), ours);
  const long = { ...ours, output: 'x'.repeat(5000) };
  checkAgreed('cam', received(long), long);
});

test('one that takes it for something else is refused, with both', async (t) => {
  for (const other of [{ output: 'features' }, { sampleShape: [3, 9, 8] }, { classes: 6 }])
    t.throws(() => checkAgreed('cam', received({ ...ours, ...other }), ours), {
      code: 'MODEL_MISMATCH',
      message: /device cam takes .*this cloud takes "logits" .* 5 classes, .*\[3,8,8\].* output and sizes/,
    });
});

test('a message without bounds is refused', async (t) => {
  const message = modelFactsMessage(ours);
  t.throws(() => parseModelFacts({ ...message, output: 'x'.repeat(300) }), { code: 'REQUEST_INVALID' });
  t.throws(() => parseModelFacts({ ...message, sampleShape: new Array(17).fill(1) }), { code: 'REQUEST_INVALID' });
});
