import { test } from 'tap';
import {
  normalizationLayers,
  parseModel,
  prepareClassifier,
  readSourceMoments,
  serializeModel,
  withSourceMoments,
} from './index.js';
import { modelWith } from './testing/outputs.js';
import { scores } from './testing/whole-models.js';

const model = modelWith((g, x) => ({ chances: g.softmax(scores(g, x)) }));
const [layer] = normalizationLayers(model);
const source = new Map([
  [layer?.name ?? '', { mean: Float32Array.of(0.1, -2, 3, 4), variance: Float32Array.of(1e-6, 2, 3, 4) }],
]);

test('source moments travel in the file, exactly, also through what makes it fit', async (t) => {
  const written = parseModel(serializeModel(withSourceMoments(model, source)));
  t.same(readSourceMoments(written), source);
  t.same(readSourceMoments(prepareClassifier(written).model), source);
  t.same(readSourceMoments(withSourceMoments(written, new Map())), new Map(), 'in the place of those before');
  t.same(readSourceMoments(model), new Map(), 'a model that says nothing');
});

test('moments that cannot be read are named', async (t) => {
  const { proto } = withSourceMoments(model, source);
  const [entry] = proto.metadataProps;
  if (entry !== undefined) entry.value = '{"a": {"mean": ["x"]}}';
  t.throws(() => readSourceMoments({ ...model, proto }), {
    code: 'ONNX_UNSUPPORTED',
    message: /renorm prepare --calibrate/,
  });
});
