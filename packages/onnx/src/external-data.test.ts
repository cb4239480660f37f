import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { type Test, test } from 'tap';
import { OnnxError } from './errors.js';
import { parseModel, readParameters, serializeFiles, serializeModel, trainingModel } from './index.js';
import { readModelBytes, readModelFile, writeModelFiles } from './node/index.js';
import { fashionModel, testImages } from './testing/fixtures.js';
import { meanEntropy } from './testing/losses.js';
import { distance, outputOf, run, tensorsOf, vectors } from './testing/runtime.js';

const SMALL = { limit: 65_536, location: 'weights.bin' };

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'renorm-external-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

test('a model that was split is read back as it was', async (t) => {
  const model = fashionModel('edge');
  const files = serializeFiles(model, SMALL);
  t.ok(files.bytes.length < 100_000, 'what is left is small');
  const offsets = files.externalData?.parts.reduce((sum, { length }) => sum + length, 0) ?? 0;
  t.ok(offsets > 1_000_000, `${offsets} bytes are outside`);
  const path = join(folder(t), 'edge.onnx');
  await writeModelFiles(path, files);
  const original = Buffer.from(serializeModel(model));
  t.ok(original.equals(serializeModel(await readModelFile(path))));
  t.ok(original.equals(await readModelBytes(path)));
  const whole = await run(serializeModel(model), new Map([['images', testImages(0, 2)]]));
  const split = await InferenceSession.create(path);
  const logits = (await split.run(tensorsOf(new Map([['images', testImages(0, 2)]])))).logits?.data as Float32Array;
  t.equal(distance(logits, outputOf(whole, 'logits')), 0, 'onnxruntime reads both files');
});

test('a training graph that was split has the same gradients', async (t) => {
  const model = fashionModel('edge');
  const feeds = new Map([['images', testImages(0, 4)], ...vectors(readParameters(model))]);
  const whole = trainingModel(model, meanEntropy);
  const expected = await run(whole.bytes, feeds);
  const split = trainingModel(model, meanEntropy, SMALL);
  const path = join(folder(t), 'training.onnx');
  await writeModelFiles(path, split);
  const session = await InferenceSession.create(path);
  const outputs = await session.run(tensorsOf(feeds));
  for (const name of split.gradients.values()) {
    t.equal(distance(outputs[name]?.data as Float32Array, outputOf(expected, name)), 0, name);
  }
});

test('weights that are not there end in an error that names the file', async (t) => {
  const files = serializeFiles(fashionModel('edge'), SMALL);
  const path = join(folder(t), 'edge.onnx');
  await writeModelFiles(path, files);
  const refused = async (expected: RegExp) => {
    const error = await readModelFile(path).catch((cause: unknown) => cause);
    t.ok(error instanceof OnnxError && error.code === 'ONNX_EXTERNAL_DATA');
    t.match(String(error), expected);
  };
  truncateSync(join(path, '..', 'weights.bin'), 5000);
  await refused(/edge\.onnx keeps the weights of ".*" in "weights\.bin", which ends before byte \d+; copy it again/);
  rmSync(join(path, '..', 'weights.bin'));
  await refused(/and there is no such file; copy it beside the model/);
  t.throws(() => parseModel(files.bytes, 'edge.onnx'), {
    code: 'ONNX_EXTERNAL_DATA',
    message: /was read without that file; use readModelFile/,
  });
});

for (const location of ['.', 'a\0b', 'a'.repeat(5000), 'edge.onnx/b']) {
  test(`weights in "${JSON.stringify(location.slice(0, 20))}" are refused: no file has that name`, async (t) => {
    const { bytes } = serializeFiles(fashionModel('edge'), { ...SMALL, location });
    const path = join(folder(t), 'edge.onnx');
    writeFileSync(path, bytes);
    await t.rejects(readModelFile(path), { code: 'ONNX_EXTERNAL_DATA', message: /cannot be read|no such file/ });
  });
}

for (const location of ['/etc/passwd', '../weights.bin', 'a/../../b', 'C:\\weights.bin', '..\\b', '']) {
  test(`weights in "${location}" are refused: not beside the model`, async (t) => {
    const { bytes } = serializeFiles(fashionModel('edge'), { ...SMALL, location });
    const path = join(folder(t), 'edge.onnx');
    writeFileSync(path, bytes);
    await t.rejects(readModelFile(path), { code: 'ONNX_EXTERNAL_DATA', message: /not a file beside it/ });
  });
}
