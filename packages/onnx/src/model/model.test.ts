import { toBinary } from '@bufbuild/protobuf';
import { test } from 'tap';
import { type GraphProto, type ModelProto, ModelProtoSchema } from '../gen/onnx/onnx_pb.js';
import {
  normalizationLayers,
  OnnxError,
  type OnnxErrorCode,
  parseModel,
  readParameters,
  serializeModel,
} from '../index.js';
import { newGraph } from '../operators/new-graph.js';
import { modelFile, modelOf, testImages, uniforms } from '../testing/fixtures.js';
import { distance, outputOf, run } from '../testing/runtime.js';
import { copyProto } from './model.js';

/** The error that a call throws; anything but an OnnxError is passed on. */
function refusal(call: () => unknown): OnnxError {
  try {
    call();
  } catch (error) {
    if (error instanceof OnnxError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

for (const file of ['fashion-edge.onnx', 'fashion-foundation.onnx']) {
  test(`${file} predicts the same after it was read and written`, async (t) => {
    const bytes = modelFile(file);
    const feeds = new Map([['images', testImages(0, 4)]]);
    const before = await run(bytes, feeds);
    const after = await run(serializeModel(parseModel(bytes, file)), feeds);
    t.equal(distance(outputOf(after, 'logits'), outputOf(before, 'logits')), 0);
  });
}

test('a file that is not a model is refused by name', async (t) => {
  const text = new TextEncoder();
  const files: Record<string, Uint8Array> = {
    'empty.onnx': new Uint8Array(),
    'readme.txt': text.encode('# A model\n\nThis is a text that somebody copied to the wrong place.\n'),
    'page.html': text.encode('<!doctype html><title>404 Not Found</title>'),
    'pointer.onnx': text.encode('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1110869\n'),
    'zeros.onnx': new Uint8Array(1000),
  };
  for (const [name, bytes] of Object.entries(files)) {
    const error = refusal(() => parseModel(bytes, name));
    t.equal(error.code, 'ONNX_NOT_A_MODEL' satisfies OnnxErrorCode, name);
    t.match(error.message, `ONNX_NOT_A_MODEL: ${name} `);
  }
});

test('a truncated file is refused wherever it was cut', async (t) => {
  const whole = modelFile('fashion-edge.onnx');
  const next = uniforms(1);
  const cuts = Array.from({ length: 40 }, () => Math.floor(next() * whole.length));
  for (const cut of [1, 2, 10, whole.length - 1, ...cuts]) {
    const error = refusal(() => parseModel(whole.subarray(0, cut), 'cut.onnx'));
    t.equal(error.code, 'ONNX_NOT_A_MODEL', `after ${cut} of ${whole.length} bytes`);
    t.match(error.message, 'cut.onnx');
  }
});

test('a message that decodes and is no model is refused with the reason', async (t) => {
  const altered = (change: (proto: ModelProto, graph: GraphProto) => void): string => {
    const { proto, graph } = copyProto(parseModel(modelFile('fashion-edge.onnx')));
    change(proto, graph);
    const error = refusal(() => parseModel(toBinary(ModelProtoSchema, proto), 'odd.onnx'));
    t.equal(error.code, 'ONNX_NOT_A_MODEL');
    return error.message;
  };
  t.match(
    altered((_, { initializer }) => {
      const [tensor] = initializer;
      if (tensor !== undefined) tensor.rawData = tensor.rawData.slice(0, -2);
    }),
    /odd\.onnx .* tensor ".+" should hold \d+ values and does not/,
  );
  t.match(
    altered((proto) => {
      proto.opsetImport = [];
    }),
    /odd\.onnx .* names no operator set/,
  );
  t.match(
    altered((_, graph) => {
      graph.node = [];
    }),
    /odd\.onnx .* has no graph/,
  );
  t.match(
    altered((_, graph) => {
      graph.output = [];
    }),
    /odd\.onnx .* has no input or no output/,
  );
});

test('noise in a file is refused or read, and never anything else', async (t) => {
  const whole = modelFile('fashion-edge.onnx');
  const next = uniforms(2);
  for (let round = 0; round < 40; round++) {
    const noisy = Uint8Array.from(whole);
    for (let i = 0; i < 8; i++) noisy[Math.floor(next() * 4000)] = Math.floor(next() * 256);
    try {
      const model = parseModel(noisy, 'noisy.onnx');
      readParameters(model);
    } catch (error) {
      t.type(error, OnnxError, `round ${round}: ${error}`);
    }
  }
});

test('a Buffer is read as any other bytes are', async (t) => {
  const buffer = modelFile('fashion-edge.onnx');
  const fromBuffer = readParameters(parseModel(buffer));
  const fromBytes = readParameters(parseModel(Uint8Array.from(buffer)));
  t.same([...fromBuffer.keys()], [...fromBytes.keys()]);
  for (const [key, values] of fromBytes) t.equal(distance(fromBuffer.get(key) as Float32Array, values), 0, key);
});

test('a model without normalization layers is refused by name, with the way out', async (t) => {
  const graph = newGraph(17);
  const model = modelOf(graph, graph.op('Relu', [graph.input('x', [undefined, 3])]), 'folded.onnx');
  const error = refusal(() => normalizationLayers(model));
  t.equal(error.code, 'ONNX_NO_NORMALIZATION');
  t.match(error.message, 'folded.onnx has nothing to adapt: no BatchNormalization');
  t.match(error.message, 'no convolution with a bias');
});

test('a model with two inputs is refused with their names', async (t) => {
  const graph = newGraph(17);
  const sum = graph.plus(graph.input('a', [3]), graph.input('b', [3]));
  const error = refusal(() => modelOf(graph, sum, 'two.onnx'));
  t.equal(error.code, 'ONNX_UNSUPPORTED');
  t.match(error.message, 'two.onnx takes 2 inputs (a, b)');
});
