import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { openDevice } from './index.js';

const path = (name: string): string => fileURLToPath(new URL(`../../../../${name}`, import.meta.url));
/** No cloud is needed to predict. */
const fashion = { model: path('models/fashion-edge.onnx'), cloud: 'localhost:1', cohort: 'lobby' };

test('classes have names, and preprocessing comes from the file beside a model', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'renorm-beside-'));
  const [preprocessing, labels] = [join(folder, 'preprocessor_config.json'), join(folder, 'labels.txt')];
  writeFileSync(preprocessing, JSON.stringify({ size: { height: 28, width: 28 }, resample: 3, do_normalize: false }));
  writeFileSync(labels, Array.from({ length: 10 }, (_, i) => `class ${i}`).join('\n'));
  const device = await openDevice({ ...fashion, preprocessing, labels });
  t.teardown(() => device.close());
  const { label, top, probabilities } = await device.infer({ image: readFileSync(path('proto/vectors/grey.jpg')) });
  t.equal(top.length, 5);
  t.same(top[0], { label, name: `class ${label}`, probability: probabilities[label] });
  const none = (options: object) => openDevice({ ...fashion, ...options });
  await t.rejects(none({ labels: ['one'] }), { code: 'REQUEST_INVALID', message: /names 1 classes/ });
  await t.rejects(none({ preprocessing: labels }), { code: 'REQUEST_INVALID', message: /labels\.txt.*not JSON/ });
});
