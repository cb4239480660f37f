import { readdirSync } from 'node:fs';
import { test } from 'tap';
import {
  describeModel,
  normalizationLayers,
  parameterKey,
  parametricModel,
  readParameters,
  serializeModel,
  trainingModel,
  withParameters,
} from './index.js';
import type { ParameterSet } from './layers/layer.js';
import { MODELS, normals } from './testing/fixtures.js';
import { meanEntropy } from './testing/losses.js';
import { type Pattern, readPattern } from './testing/patterns.js';
import { distance, outputOf, run, vectors } from './testing/runtime.js';

/** Layers that each model of models/patterns has, in short. */
const LAYERS: Readonly<Record<string, string>> = {
  'attention-dynamo': '3 LayerNormalization',
  attention: '3 LayerNormalization',
  'batch-norm-1d': '2 BatchNormalization',
  'batch-norm-2-axes': '2 BatchNormalization',
  'batch-norm-3d': '2 BatchNormalization',
  'batch-norm-dynamo': '2 BatchNormalization',
  'batch-norm': '2 BatchNormalization',
  'channel-shuffle-dynamo': '9 BatchNormalization',
  'channel-shuffle': '9 BatchNormalization',
  'dense-concat-dynamo': '5 BatchNormalization',
  'dense-concat': '3 BatchNormalization, 2 ScaleShift',
  'external-data': '2 BatchNormalization',
  float16: '2 ScaleShift',
  'folded-1d': '2 ScaleShift',
  'folded-dynamo': '2 ScaleShift',
  'folded-gemm-dynamo': '2 ScaleShift',
  folded: '2 ScaleShift',
  'gelu-op': '3 LayerNormalization',
  'gelu-tanh': '3 LayerNormalization',
  'group-norm-dynamo': '2 GroupNormalization',
  'group-norm-op': '2 GroupNormalization',
  'group-norm-pattern': '2 GroupNormalization',
  'grouped-convolutions': '4 BatchNormalization',
  'instance-norm-dynamo': '2 InstanceNormalization',
  'instance-norm': '2 InstanceNormalization',
  'layer-norm-channels': '1 InstanceNormalization, 1 LayerNormalization',
  'layer-norm-dynamo': '3 LayerNormalization',
  'layer-norm-op': '3 LayerNormalization',
  'layer-norm-pattern': '3 LayerNormalization',
  'max-pool': '2 BatchNormalization',
  quantized: '2 ScaleShift',
  'rms-norm-op': '3 RMSNormalization',
  'rms-norm-own': '3 RMSNormalization',
  'rms-norm-pattern': '3 RMSNormalization',
  'squeeze-excite-dynamo': '4 ScaleShift',
  'squeeze-excite-parts': '4 ScaleShift',
  'squeeze-excite': '4 BatchNormalization',
  'token-ids-dynamo': '3 LayerNormalization',
  'token-ids': '3 LayerNormalization',
  'window-attention-dynamo': '2 LayerNormalization',
  'window-attention-static': '2 LayerNormalization',
  'window-attention': '2 LayerNormalization',
};

/** Serving models that are rounded have tests of their own: float32.test.ts, layers/fold-quantized.test.ts. */
const ROUNDED: ReadonlySet<string> = new Set(['float16', 'quantized']);

const TOLERANCE = 1e-4;

/**
 * Below this share of a model's largest gradient, a gradient is what is left of larger ones that cancel, and is
 * measured against that.
 */
const CANCELLED = 1e-4;

const largestOf = (values: readonly number[]): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Sorted as in the table: `2 BatchNormalization, 1 ScaleShift`. */
function summary({ model }: Pattern): string {
  const counts = new Map<string, number>();
  for (const { kind } of normalizationLayers(model)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts]
    .sort()
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');
}

/** PyTorch's gradients by the keys of our parameters: layers stand in the same order in both. */
function expected({ model, entries }: Pattern): Map<string, readonly number[]> {
  const layers = normalizationLayers(model).values();
  const keys = new Map<string, string>();
  return new Map(
    entries.map(({ layer, role, values }) => {
      const name = keys.get(layer) ?? layers.next().value?.name ?? 'none';
      keys.set(layer, name);
      return [parameterKey({ name }, role), values];
    }),
  );
}

/** Every value moved, variances kept positive. */
function moved(parameters: ParameterSet): ParameterSet {
  const next = normals(5);
  return new Map([...parameters].map(([key, values]) => [key, values.map((value) => value * (1 + 0.1 * next()))]));
}

test('every pattern model is in the table', async (t) => {
  const files = readdirSync(new URL('patterns/', MODELS)).filter((file) => file.endsWith('.onnx'));
  t.same(files.map((file) => file.slice(0, -5)).sort(), Object.keys(LAYERS).sort());
});

for (const [name, layers] of Object.entries(LAYERS)) {
  test(`${name}: ${layers}`, async (t) => {
    const pattern = readPattern(name);
    t.equal(summary(pattern), layers);
    t.same(describeModel(pattern.model).obstacles, [], 'nothing stands in the way');
  });

  test(`${name}: every gradient is PyTorch's`, async (t) => {
    const pattern = readPattern(name);
    const training = trainingModel(pattern.model, meanEntropy);
    const parameters = [...readParameters(pattern.model)].filter(([key]) => training.parameterInputs.includes(key));
    const results = await run(
      training.bytes,
      new Map([[training.input, pattern.input], ...vectors(new Map(parameters))]),
    );
    const gradients = expected(pattern);
    const largest = Math.max(...[...gradients.values()].map(largestOf));
    t.same([...training.gradients.keys()].sort(), [...gradients.keys()].sort(), 'every gradient has its counterpart');
    t.ok(distance(outputOf(results, training.logits), pattern.logits) < TOLERANCE, 'the logits are the same');
    t.ok(distance(outputOf(results, training.loss), [pattern.loss]) < TOLERANCE, 'the loss is the same');
    for (const [key, values] of gradients) {
      const own = largestOf(values);
      const ours = outputOf(results, training.gradients.get(key) ?? '');
      const apart = distance(ours, values) * (own < CANCELLED * largest ? own / largest : 1);
      t.ok(apart < TOLERANCE, `${key}: ${apart}`);
    }
  });

  if (ROUNDED.has(name)) continue;

  test(`${name}: parameters baked in and parameters fed compute the same`, async (t) => {
    const { model, input } = readPattern(name);
    const parametric = parametricModel(model);
    const logits = async (bytes: Uint8Array, fed: ParameterSet) =>
      outputOf(await run(bytes, new Map([[model.input.name, input], ...vectors(fed)])), model.output.name);
    const [original, other] = [readParameters(model), moved(readParameters(model))];
    const plain = await logits(serializeModel(model), new Map());
    t.ok(distance(await logits(parametric, original), plain) < TOLERANCE, 'the original parameters fed');
    t.ok(
      distance(await logits(serializeModel(withParameters(model, original)), new Map()), plain) < TOLERANCE,
      'and baked in',
    );
    const baked = withParameters(model, other);
    const changed = await logits(serializeModel(baked), new Map());
    t.ok(distance(await logits(parametric, other), changed) < TOLERANCE, 'other parameters');
    t.ok(distance(changed, plain) > 10 * TOLERANCE, 'they change the logits');
    if (!layers.includes('ScaleShift')) t.same(readParameters(baked), other, 'and are read back');
  });
}
