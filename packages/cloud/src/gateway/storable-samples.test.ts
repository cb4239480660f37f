import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ImageThreads } from '@renorm/image/node';
import { decodeSample, encodeSample, type GivenImage, SampleEncoding } from '@renorm/protocol';
import { test } from 'tap';
import { FoundationView } from '../models/foundation-view.js';
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

test('an image is prepared a second time for a foundation model that takes others', async (t) => {
  const images = new ImageThreads();
  t.teardown(() => images.close());
  const preprocessing = { fit: 'crop' as const, shorterSide: 8, mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] };
  const view = FoundationView.between(
    { name: 'edge', sampleShape: [3, 4, 4], preprocessing: { fit: 'stretch' } },
    { name: 'foundation', sampleShape: [3, 6, 6], preprocessing },
  );
  const common = { version: 0, entropy: 0, selection: undefined, kind: 'image' as const };
  const scaled: GivenImage = {
    ...image,
    preprocessing: { fit: 'none' },
    file: await images.file({ pixels: new Uint8Array(48).fill(90), shape: [3, 4, 4], quality: 90 }),
  };
  const stored = await storableSamples(
    [
      { ...common, sequence: 1, image },
      { ...common, sequence: 2, image: scaled },
    ],
    images,
    view,
  );
  const [own, again] = stored.map(({ foundation }) => foundation && decodeSample(foundation, [3, 6, 6]).data);
  const expected = await images.pixels({ ...image, preprocessing, shape: [3, 6, 6] });
  t.same(
    Uint8Array.from(own ?? [], (value) => Math.round(value * 255)),
    expected,
    'as pixels, of the file',
  );
  t.ok(
    [...(again ?? [])].every((value) => Math.abs(value * 255 - 90) < 8),
    'of what had been scaled before, scaled',
  );
  t.match(stored[0], { shape: [3, 4, 4] });
});
