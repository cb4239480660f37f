import { test } from 'tap';
import { checkLabels, labelsInMetadata, parseLabels, ranked } from './labels.js';

test('names of classes are read as people and exporters write them', async (t) => {
  const names = ['cat', 'dog', "bird's nest"];
  const spellings = [
    "cat\ndog\nbird's nest\n",
    "cat\r\ndog\r\nbird's nest",
    JSON.stringify(names),
    JSON.stringify({ ...names }),
    JSON.stringify({ architectures: ['ViT'], id2label: { ...names } }),
    `{0: 'cat', 1: "dog", 2: 'bird\\'s nest'}`,
  ];
  for (const text of spellings) t.same(parseLabels(text), names, text);
  for (const text of ['', ' \n', '{}', '[1, 2]', '{"1": "cat"}', '{"0": 7}'])
    t.equal(parseLabels(text), undefined, text);
});

test('a model may name its classes, if it names each', async (t) => {
  const metadata = [
    { key: 'author', value: 'somebody' },
    { key: 'names', value: "{0: 'cat', 1: 'dog'}" },
  ];
  t.same(labelsInMetadata(metadata, 2), ['cat', 'dog']);
  t.equal(labelsInMetadata(metadata, 3), undefined);
  t.throws(() => checkLabels(['cat'], 2), { code: 'REQUEST_INVALID', message: /names 1 classes.*tells 2 apart/ });
});

test('the five most probable classes come first, the first of equals before the others', async (t) => {
  const probabilities = Float32Array.of(0.125, 0.25, 0.0625, 0.25, 0.125, 0, 0.1875);
  t.same(
    ranked(probabilities, ['a', 'b', 'c', 'd', 'e', 'f', 'g']).map(({ label, name }) => `${label}${name}`),
    ['1b', '3d', '6g', '0a', '4e'],
  );
  t.same(ranked(Float32Array.of(0.25, 0.75), undefined), [
    { label: 1, probability: 0.75 },
    { label: 0, probability: 0.25 },
  ]);
});
