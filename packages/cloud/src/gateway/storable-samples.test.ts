import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ImageThreads } from '@renorm/image/node';
import { encodeSample, type GivenImage, SampleEncoding } from '@renorm/protocol';
import { test } from 'tap';
import { storableSamples } from './storable-samples.js';

const png = readFileSync(fileURLToPath(new URL('../../../../proto/vectors/colour.png', import.meta.url)));
const image: GivenImage = {
  file: new Uint8Array(png),
  preprocessing: { fit: 'stretch' },
  shape: [3, 4, 4],
};
const tensor = { data: Float32Array.of(0, 1), shape: [2] };

test('what is stored of a sample is its name, its pixels, and why it was selected', async (t) => {
  const images = new ImageThreads();
  t.teardown(() => images.close());
  const head = { version: 3, entropy: 0.5 };
  const selection = { policy: 'random', reason: 'drawn' };
  const encoded = encodeSample(tensor);
  const stored = await storableSamples(
    [
      { ...head, sequence: 1, kind: 'tensor', tensor, encoded, selection },
      { ...head, sequence: 2, kind: 'image', image, selection: { ...selection, score: 2 } },
      { ...head, sequence: 3, kind: 'tensor', tensor, encoded, selection: undefined },
    ],
    images,
  );
  t.same(stored[0], { sequence: 1, ...encoded, selection });
  t.match(stored[1], { sequence: 2, encoding: SampleEncoding.UINT8, shape: [3, 4, 4], selection: { score: 2 } });
  t.same(stored[2], { sequence: 3, ...encoded });
  t.notOk('selection' in (stored[2] ?? {}), 'nothing is made up');
});
