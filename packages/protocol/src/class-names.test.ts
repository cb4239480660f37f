import { test } from 'tap';
import { labelsInMetadata, parseLabels } from './class-names.js';

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
});
