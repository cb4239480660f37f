import { test } from 'tap';
import { CORRUPTIONS, type CorruptionName, corrupt, EXTRA_CORRUPTIONS } from './corrupt.js';
import type { Severity } from './corruption.js';
import type { Image } from './picture.js';
import { Random } from './random.js';

const SIZES = [
  { width: 28, height: 28, channels: 1 },
  { width: 32, height: 32, channels: 3 },
  { width: 33, height: 17, channels: 1 },
  { width: 97, height: 64, channels: 3 },
] as const;

/** Shapes with soft and hard edges and a fine texture, so that every corruption has something to damage. */
function scene({ width, height, channels }: (typeof SIZES)[number]): Image {
  const data = new Uint8Array(width * height * channels);
  const random = new Random('texture');
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = x > width / 4 && x < (3 * width) / 4 && y > height / 3;
      for (let c = 0; c < channels; c++) {
        const wave = 60 * Math.sin(x / (4 + c)) * Math.cos(y / 5);
        data[(y * width + x) * channels + c] = (inside ? 150 + wave : 40 + 10 * c) + random.uniform(-25, 25);
      }
    }
  }
  return { data, width, height, channels };
}

/** Mean squared difference of two images' bytes. */
function damage(a: Image, b: Image): number {
  return a.data.reduce((sum, value, i) => sum + (value - (b.data[i] as number)) ** 2, 0) / a.data.length;
}

const meanDamage = async (image: Image, name: CorruptionName, severity: Severity): Promise<number> => {
  const seeds = [1, 2, 3, 4, 5, 6];
  const seen = await Promise.all(seeds.map((seed) => corrupt(image, name, severity, seed)));
  return seen.reduce((sum, each) => sum + damage(image, each), 0) / seeds.length;
};

/**
 * The original's settings need not raise squared differences: the elastic transform trades its affine part for its wavy
 * one, and which pixels of a small picture pixelation drops depends on its size, and `saturate` takes colour away at
 * severity 1 and adds to it at 5 (reference.test.ts holds them to the original).
 */
const NOT_MONOTONE: ReadonlySet<CorruptionName> = new Set(['elastic_transform', 'pixelate', 'saturate'] as const);

const ALL = [...CORRUPTIONS, ...EXTRA_CORRUPTIONS];

for (const name of ALL) {
  test(`${name}: grey and colour, any size, the same seed the same bytes, and worse at severity 5 than at 1`, async (t) => {
    for (const size of SIZES) {
      const image = scene(size);
      const what = `${size.width}x${size.height}x${size.channels}`;
      const seen = await corrupt(image, name, 5, 1);
      t.same(image.data, scene(size).data, `${what}: the image given is left as it was`);
      t.match(seen, { width: size.width, height: size.height, channels: size.channels }, what);
      t.equal(seen.data.length, image.data.length);
      t.same((await corrupt(image, name, 5, 1)).data, seen.data, `${what}: seeded`);
      const [mild, severe] = [await meanDamage(image, name, 1), await meanDamage(image, name, 5)];
      const worse = severe > mild || NOT_MONOTONE.has(name);
      t.ok(worse && severe > 1, `${what}: damage ${mild.toFixed(1)} at severity 1, ${severe.toFixed(1)} at 5`);
    }
  });
}

test('images of a few pixels come out in their size', async (t) => {
  for (const [width, height] of [
    [1, 1],
    [2, 3],
    [7, 1],
  ] as const) {
    for (const channels of [1, 3] as const) {
      const image = { data: new Uint8Array(width * height * channels).fill(200), width, height, channels };
      for (const name of ALL) {
        const { data } = await corrupt(image, name, 5, 1);
        t.equal(data.length, image.data.length, `${name} ${width}x${height}x${channels}`);
      }
      for (const name of [
        'defocus_blur',
        'gaussian_blur',
        'glass_blur',
        'motion_blur',
        'zoom_blur',
        'elastic_transform',
        'pixelate',
      ] as const) {
        t.same(
          (await corrupt(image, name, 5, 1)).data,
          image.data,
          `${name} changes nothing where all pixels are the same`,
        );
      }
    }
  }
});

test('random corruptions differ from seed to seed', async (t) => {
  const image = scene(SIZES[1]);
  for (const name of [
    'gaussian_noise',
    'glass_blur',
    'snow',
    'frost',
    'fog',
    'elastic_transform',
    'spatter',
  ] as const) {
    t.not(damage(await corrupt(image, name, 5, 1), await corrupt(image, name, 5, 2)), 0, name);
  }
});

test('an unknown corruption or severity, and data of another size, are refused by name', async (t) => {
  const image = scene(SIZES[0]);
  await t.rejects(corrupt(image, 'rain' as CorruptionName, 1, 1), {
    code: 'REQUEST_INVALID',
    message: /"rain".*gaussian_noise/,
  });
  await t.rejects(corrupt(image, 'fog', 6 as Severity, 1), {
    code: 'REQUEST_INVALID',
    message: /severity is 6.*1 to 5/,
  });
  await t.rejects(corrupt({ ...image, width: 29 }, 'fog', 1, 1), {
    code: 'IMAGE_UNREADABLE',
    message: /812 bytes, this one has 784/,
  });
  await t.rejects(corrupt({ ...image, channels: 4 as 3 }, 'fog', 1, 1), { message: /1 channel or 3, this one has 4/ });
});
