import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { type Test, test } from 'tap';
import { OnnxError } from '../errors.js';
import { parseModel, readParameters, serializeFiles, serializeModel, trainingModel } from '../index.js';
import { readModelBytes, readModelFile, writeModelFiles } from '../node/index.js';
import { fashionModel, testImages } from '../testing/fixtures.js';
import { meanEntropy } from '../testing/losses.js';
import { distance, outputOf, run, tensorsOf, vectors } from '../testing/runtime.js';

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

test('a link beside the model is followed only to where the model lies too', async (t) => {
  const at = folder(t);
  const files = serializeFiles(fashionModel('edge'), SMALL);
  const blobs = join(at, 'blobs');
  mkdirSync(blobs);
  await writeModelFiles(join(blobs, 'edge.onnx'), files);
  const [store, stranger] = [join(at, 'store'), join(at, 'stranger')];
  for (const each of [store, stranger]) {
    mkdirSync(each);
    symlinkSync(join(blobs, 'weights.bin'), join(each, 'weights.bin'));
  }
  symlinkSync(join(blobs, 'edge.onnx'), join(store, 'edge.onnx'));
  await readModelFile(join(store, 'edge.onnx'));
  writeFileSync(join(stranger, 'edge.onnx'), files.bytes);
  await t.rejects(readModelFile(join(stranger, 'edge.onnx')), {
    code: 'ONNX_EXTERNAL_DATA',
    message: /cannot be read \(it is a link that leaves the folder of the model\)/,
  });
});

test('a path that is no file is refused by name', async (t) => {
  const at = folder(t);
  await t.rejects(readModelFile(at), { code: 'ONNX_UNREADABLE', message: new RegExp(`${at} .*it is a folder`) });
  await t.rejects(readModelBytes(join(at, 'none.onnx')), { code: 'ONNX_UNREADABLE', message: /no such file/ });
});
