import { test } from 'tap';
import { repositoryPath } from './support/cloud-process.js';
import { modulesLoadedBy } from './support/loaded-modules.js';

const model = repositoryPath('models/fashion-edge.onnx');

/**
 * What each command must not load, by the start of a module's name, and one module that it does: the test looks where
 * it should.
 */
const COMMANDS: readonly (readonly [args: readonly string[], loads: string, not: readonly string[]])[] = [
  [['--help'], 'commander', ['packages/edge', 'packages/cloud', 'packages/eval', 'packages/onnx', 'packages/image']],
  [
    ['edge', '--model', model, '--cloud', 'localhost:1', '--images', '/nowhere'],
    'packages/edge/dist/node/index.js',
    ['packages/cloud', 'packages/eval/dist/index.js', 'packages/conformance', 'lmdb'],
  ],
  [
    ['cloud', '--edge-model', '/nowhere', '--foundation-model', '/nowhere', '--data', '/nowhere'],
    'packages/cloud/dist/index.js',
    ['packages/edge', 'packages/eval/dist/index.js', 'packages/conformance'],
  ],
  [
    ['inspect', model],
    // It has a cloud and a device try the model.
    'packages/cloud/dist/index.js',
    ['packages/eval/dist/index.js', 'packages/conformance'],
  ],
  [
    ['conformance', 'client', '--listen', '0', '--model', '/nowhere'],
    'packages/conformance/dist/index.js',
    ['packages/edge', 'packages/cloud', 'packages/eval/dist/index.js', 'onnxruntime-node', 'sharp', 'lmdb'],
  ],
];

for (const [args, loads, not] of COMMANDS) {
  test(`renorm ${args[0]} loads what it runs, and no more`, async (t) => {
    const loaded = await modulesLoadedBy(...args);
    t.ok(loaded.includes(loads), `${loads} is loaded`);
    t.same(
      loaded.filter((name) => not.some((start) => name.startsWith(start))),
      [],
    );
  });
}
