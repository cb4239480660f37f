// Gradients of @renorm/onnx against PyTorch's: node compare.js FOLDER [TEXT ...], for the files of FOLDER with a TEXT in their name.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const root = new URL('../../', import.meta.url);
const { parseModel, readParameters, trainingModel } = await import(new URL('packages/onnx/dist/index.js', root).href);
const ort = createRequire(new URL('packages/onnx/package.json', root))('onnxruntime-node');
const [folder, ...texts] = process.argv.slice(2);
const wanted = (file) => texts.length === 0 || texts.some((text) => file.includes(text));
const json = (path) => JSON.parse(readFileSync(join(folder, path), 'utf8'));

const entropy = (graph, logits) => {
  const logP = graph.logSoftmax(logits, 1);
  return graph.neg(graph.reduceMean(graph.reduceSum(graph.mul(graph.exp(logP), logP), [1])));
};

/** The pattern models: everything in one JSON. */
function patterns() {
  const files = readdirSync(folder).filter((file) => file.endsWith('.onnx') && wanted(file));
  return files.map((file) => {
    const { input, loss, gradients } = json(file.replace('.onnx', '.json'));
    return {
      file,
      dims: input.shape,
      type: input.dtype,
      input: input.dtype === 'int64' ? BigInt64Array.from(input.values, BigInt) : Float32Array.from(input.values),
      loss: loss.value,
      gradients,
    };
  });
}

/** The zoo: a manifest, and for each model raw numbers. Opened one by one, because some are large. */
function* zoo() {
  for (const { file, model, gradients: key } of json('manifest.json').variants.filter(({ file }) => wanted(file))) {
    const reference = json(`${model}/reference.json`);
    const read = (name, { offset, shape }, Type) => {
      const { buffer, byteOffset } = readFileSync(join(folder, model, name));
      const length = shape.reduce((a, b) => a * b, 1);
      const start = byteOffset + offset;
      return new Type(buffer.slice(start, start + length * Type.BYTES_PER_ELEMENT));
    };
    const type = reference.inputs.dtype;
    const { loss, file: numbers, entries } = reference.gradients[key];
    yield {
      file,
      dims: reference.inputs.shape,
      type,
      input: read(reference.file, reference.inputs, type === 'int64' ? BigInt64Array : Float32Array),
      loss,
      gradients: entries.map((entry) => ({ ...entry, values: read(numbers, entry, Float64Array) })),
    };
  }
}

async function compare({ file, dims, type, input, loss, gradients }) {
  const model = parseModel(readFileSync(join(folder, file)), join(folder, file));
  const training = trainingModel(model, entropy);
  const session = await ort.InferenceSession.create(training.bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const feeds = { [training.input]: new ort.Tensor(type, input, dims) };
  const parameters = readParameters(model);
  for (const key of training.parameterInputs) {
    const values = parameters.get(key);
    feeds[key] = new ort.Tensor('float32', values, [values.length]);
  }
  const start = performance.now();
  const outputs = await session.run(feeds);
  const seconds = (performance.now() - start) / 1000;
  const ours = [...training.gradients.values()].map((name) => outputs[name].data);
  // A plain convolution may or may not have a scale and a shift: what is expected is one or the other, not a mixture.
  const normalizations = gradients.filter(({ kind }) => !kind.startsWith('Conv'));
  const expected = ours.length === gradients.length ? gradients : normalizations;
  if (ours.length !== expected.length)
    return `${ours.length} gradients, expected ${normalizations.length} or ${gradients.length}`;
  let worst = { error: 0 };
  for (const [i, { layer, role, values, zero }] of expected.entries()) {
    if (ours[i].length !== values.length)
      return `${layer} ${role}: ${ours[i].length} channels, expected ${values.length}`;
    const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    const error = values.reduce((max, value, j) => Math.max(max, Math.abs(value - ours[i][j])), 0) / largest;
    if (!zero && error > worst.error) worst = { error, layer, role };
  }
  const verdict = worst.error < 1e-4 ? 'ok' : 'WRONG';
  const lossError = Math.abs(outputs[training.loss].data[0] - loss);
  return `${verdict} worst ${worst.error.toExponential(1)} (${worst.layer} ${worst.role}), loss ${lossError.toExponential(1)}, ${seconds.toFixed(1)} s`;
}

for (const one of readdirSync(folder).includes('manifest.json') ? zoo() : patterns()) {
  const result = await compare(one).catch((error) => `FAILED ${String(error.message).slice(0, 300)}`);
  console.log(`${one.file}: ${result}`);
}
