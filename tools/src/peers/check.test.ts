import { Tensor } from 'onnxruntime-node';
import { test } from 'tap';
import { joined } from '../fuzz/wire.js';
import { check } from './check.js';
import { difference } from './compare.js';
import { field } from './message.js';
import { faultLines, summary } from './report.js';
import { readTensor } from './tensor-file.js';

const FLOAT = 1;

const tensorFile = (dims: readonly number[], values: readonly number[]) =>
  readTensor(
    joined(
      ...dims.map((size) => field(1, size)),
      field(2, FLOAT),
      field(9, new Uint8Array(Float32Array.from(values).buffer)),
    ),
  );

const value = (name: string, dims: readonly number[]): Uint8Array => {
  const shape = joined(...dims.map((size) => field(1, field(1, size))));
  return joined(field(1, name), field(2, field(1, joined(field(1, FLOAT), field(2, shape)))));
};

/** A model of one operator, of some inputs [2, 3], whose output is y. */
function modelOf(type: string, inputs: readonly string[]): Uint8Array {
  const node = joined(...inputs.map((name) => field(1, name)), field(2, 'y'), field(3, 'node'), field(4, type));
  const graph = joined(
    field(1, node),
    field(2, 'graph'),
    ...inputs.map((name) => field(11, value(name, [2, 3]))),
    field(12, value('y', [2, 3])),
  );
  return joined(field(1, 8), field(7, graph), field(8, field(2, 17)));
}

const x = tensorFile([2, 3], [1, -2, 3, 0.5, 0, -1]);

test('a model of two inputs is rewritten and differentiated for each of them', async (t) => {
  const result = await check({ name: 'mul', model: modelOf('Mul', ['a', 'b']), inputs: [x, x] });
  t.equal(result.ran, true);
  t.same(
    result.findings.map(({ step, input, fault, refusal }) => [step, input, fault, refusal]),
    ['a', 'b'].flatMap((input) =>
      ['rewritten', 'parameters as inputs', 'gradient'].map((step) => [step, input, undefined, undefined]),
    ),
  );
  const { tests, ran, rewritten, gradients } = summary([result]);
  t.same([tests, ran, rewritten, gradients], [1, 1, 2, 2]);
});

test('an operator without a gradient is a refusal with a code, or has no path', async (t) => {
  const { findings } = await check({ name: 'det', model: modelOf('Sign', ['a']), inputs: [x] });
  t.same(
    findings.filter(({ step }) => step === 'gradient').map(({ refusal }) => refusal),
    ['no path'],
  );
  t.ok(findings.every(({ fault }) => fault === undefined));
});

test('what onnxruntime does not take is only read', async (t) => {
  const result = await check({ name: 'none', model: modelOf('NoSuchOperator', ['a']), inputs: [x] });
  t.equal(result.ran, false);
  t.same(
    result.findings.map(({ step, fault }) => [step, fault]),
    [['read', undefined]],
  );
  const broken = await check({ name: 'broken', model: Uint8Array.of(1, 2, 3), inputs: [x] });
  t.equal(broken.findings[0]?.refusal, 'ONNX_NOT_A_MODEL');
});

test('what differs is told, and NaN is like NaN', (t) => {
  const tensor = (...values: number[]) => new Tensor('float32', values, [values.length]);
  t.equal(difference(tensor(1, Number.NaN), tensor(1, Number.NaN)), undefined);
  t.equal(difference(tensor(1, 100.001), tensor(1, 100)), undefined);
  t.equal(difference(tensor(1.5, 2), tensor(1, 2)), 'is 1.5 at 0, not 1');
  t.equal(difference(tensor(Number.NaN), tensor(1)), 'is NaN at 0, not 1');
  t.equal(difference(tensor(1), tensor(1, 2)), 'has the shape [1], not [2]');
  t.equal(difference(undefined, tensor(1)), 'is missing');
  t.end();
});

test('faults are counted and told with the test, the input and the step', (t) => {
  const result = {
    name: 'mul',
    ran: true,
    findings: [{ step: 'gradient', input: 'a', fault: 'NaN gradient', message: 'element 3' }],
  } as const;
  t.equal(summary([result]).faults.get('NaN gradient'), 1);
  t.same(faultLines(result), ['mul (a), gradient: NaN gradient: element 3']);
  t.end();
});
