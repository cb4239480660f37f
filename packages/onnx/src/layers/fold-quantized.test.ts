import { test } from 'tap';
import {
  normalizationLayers,
  type OnnxModel,
  parameterKey,
  parametricModel,
  readParameters,
  serializeModel,
  withParameters,
} from '../index.js';
import { copyProto } from '../model/model.js';
import { readPattern } from '../testing/patterns.js';
import { distance, outputOf, run, vectors } from '../testing/runtime.js';
import type { ParameterSet } from './layer.js';

const { model, input } = readPattern('quantized');
/** The scale of what follows the first convolution, as the file has it. */
const STEP = 0.021511378;
const FIRST = 'v2_DequantizeLinear_Output';

/** Every gamma and beta of the first `layers` layers, by a rule. */
function parameters(rule: (role: string, i: number) => number, layers = 2): ParameterSet {
  const keys = normalizationLayers(model)
    .slice(0, layers)
    .flatMap((layer) => [parameterKey(layer, 'gamma'), parameterKey(layer, 'beta')]);
  return new Map(
    [...readParameters(model)].map(([key, values]) => [
      key,
      keys.includes(key) ? values.map((_, i) => rule(key.endsWith('gamma') ? 'gamma' : 'beta', i)) : values,
    ]),
  );
}

const operators = ({ graph }: OnnxModel): string[] => graph.node.map(({ opType }) => opType);

/** What a served model computes for a value inside it. */
async function valueIn(served: OnnxModel, name: string): Promise<Float32Array> {
  const { proto, graph } = copyProto(served);
  const [output] = graph.output;
  if (output === undefined) throw new Error('there is no output');
  output.name = name;
  const feeds = new Map([[served.input.name, input]]);
  return outputOf(await run(serializeModel({ ...served, proto }), feeds), name);
}

const fed = async (own: ParameterSet): Promise<Float32Array> =>
  outputOf(await run(parametricModel(model), new Map([[model.input.name, input], ...vectors(own)])), 'logits');

test('a scale and a shift go into the scales of quantized weights, within one step of what they compute in float', async (t) => {
  const own = parameters((role, i) => (role === 'gamma' ? 0.6 + 0.1 * i : 0.2 * Math.cos(i)));
  const served = withParameters(model, own);
  t.same(operators(served).sort(), operators(model).sort(), 'the runtime can still compute in integers');
  const folded = await valueIn(served, FIRST);
  const layer = normalizationLayers(model)[0]?.name ?? '';
  // The same with a negative gamma in one channel of no other effect: there Mul and Add are inserted.
  const before = await valueIn(model, FIRST);
  const flipped = await valueIn(
    withParameters(model, new Map(own).set(`${layer}/gamma`, own.get(`${layer}/gamma`)?.with(7, -1) as Float32Array)),
    FIRST,
  );
  const area = folded.length / 4 / 8;
  const apart = folded.map((value, i) =>
    Math.floor(i / area) % 8 === 7 ? 0 : Math.abs(value - (flipped[i] as number)) / STEP,
  );
  t.ok(
    apart.every((steps) => steps < 1.01),
    `${Math.max(...apart)} steps`,
  );
  t.ok(apart.filter((steps) => steps > 0.5).length < apart.length / 100, 'and mostly equal');
  t.ok(distance(folded, before) > 0.1, 'and it changes something');
  const toFed = distance(await valueIn(served, 'logits'), await fed(own));
  t.ok(toFed < 0.05, `${toFed}`);
});

test('where gamma is not positive, Mul and Add are inserted', async (t) => {
  const own = parameters((role, i) => (role === 'gamma' ? 0.5 - 0.2 * i : 0.3 * i), 1);
  const served = withParameters(model, own);
  t.same(operators(served).sort(), [...operators(model), 'Add', 'Mul'].sort());
  const toFed = distance(await valueIn(served, 'logits'), await fed(own));
  t.ok(toFed < 0.02, `${toFed}`);
});

test('nothing is inserted for a scale of 1 and a shift of 0', async (t) => {
  t.same(operators(withParameters(model, readParameters(model))), operators(model));
  const scaled = operators(
    withParameters(
      model,
      parameters((role) => (role === 'gamma' ? -1 : 0), 1),
    ),
  );
  t.same(
    scaled.filter((type) => type === 'Mul' || type === 'Add'),
    ['Mul'],
  );
});

test('parameters can be baked into what was served', async (t) => {
  const served = withParameters(
    model,
    parameters((role) => (role === 'gamma' ? 0.8 : 0.1)),
  );
  const again = withParameters(served, readParameters(served));
  t.equal(distance(await valueIn(again, 'logits'), await valueIn(served, 'logits')), 0);
});

test('a model in the operator-oriented format is refused with the way out', async (t) => {
  for (const opType of ['QLinearConv', 'QLinearMatMul', 'ConvInteger', 'MatMulInteger']) {
    const { graph } = copyProto(model);
    const [node] = graph.node.filter((each) => each.opType === 'Conv');
    if (node !== undefined) node.opType = opType;
    t.throws(() => readParameters({ ...model, graph }), {
      code: 'ONNX_UNSUPPORTED',
      message: `ONNX_UNSUPPORTED: "Conv_0" in quantized.onnx is a ${opType}: the model was quantized in the operator-oriented format, which no gradient passes; quantize it with QuantFormat.QDQ.`,
    });
  }
});
