import { test } from 'tap';
import { type CorruptionName, corrupt } from './corrupt.js';
import type { Severity } from './corruption.js';
import { chamferDistance } from './distance.js';
import { edges } from './edges.js';
import { type Image, mapPicture, type Picture, plane } from './picture.js';
import { waterDrops } from './spatter.js';

type Recorded = readonly [mean: number, damage: number];

/**
 * What the original code (hendrycks/robustness, make_cifar_c.py and imagenet_c/corruptions.py; OpenCV 5.0, SciPy 1.17,
 * scikit-image 0.26, Pillow 13.0) makes of pattern(32) and pattern(96): mean byte and mean squared difference from the
 * pattern at severities 1 to 5. The corruptions without randomness; those of `saturate` with 1e-9 of a byte added
 * before bytes are cut, for most of its values lie on one.
 */
const RECORDED: Partial<Record<CorruptionName, readonly (readonly Recorded[])[]>> = {
  defocus_blur: [
    [
      [118.41, 68.82],
      [118.44, 400.86],
      [118.43, 838.11],
      [118.43, 1834.56],
      [118.56, 2127.86],
    ],
    [
      [119.48, 2440.97],
      [119.49, 2562.9],
      [119.5, 2910.88],
      [121.07, 3262.97],
      [120.8, 3463.79],
    ],
  ],
  zoom_blur: [
    [
      [118.52, 972.86],
      [118.55, 1518.82],
      [118.57, 1814.89],
      [118.55, 2058.26],
      [118.52, 2157.31],
    ],
    [
      [119.48, 2154.57],
      [119.46, 2467.78],
      [119.42, 2416.96],
      [119.41, 2607.14],
      [119.39, 2502.62],
    ],
  ],
  brightness: [
    [
      [126.59, 73.8],
      [135.06, 319.98],
      [143.48, 736.48],
      [150.68, 1235.52],
      [160.5, 2192.36],
    ],
    [
      [136.17, 319.95],
      [151.73, 1233.22],
      [160.91, 2125.34],
      [164.9, 2669.11],
      [166.51, 2949.68],
    ],
  ],
  contrast: [
    [
      [118.36, 201.92],
      [118.37, 806.67],
      [118.34, 1161.97],
      [118.33, 1580.77],
      [118.32, 2331.48],
    ],
    [
      [119.52, 1199.82],
      [119.47, 1633.05],
      [119.53, 2133.1],
      [119.48, 2700.38],
      [119.48, 3009.41],
    ],
  ],
  pixelate: [
    [
      [118.89, 284.65],
      [118.95, 493.06],
      [118.99, 659.96],
      [119.1, 920.0],
      [119.21, 1500.09],
    ],
    [
      [120.37, 1609.71],
      [120.44, 1872.63],
      [120.14, 2156.47],
      [120.15, 2448.12],
      [120.28, 2527.27],
    ],
  ],
  jpeg_compression: [
    [
      [118.75, 1947.48],
      [118.68, 2194.99],
      [118.88, 2297.17],
      [119.14, 2389.44],
      [119.13, 2457.57],
    ],
    [
      [119.9, 2583.71],
      [119.98, 2671.16],
      [120.28, 2712.24],
      [120.16, 2809.97],
      [120.58, 3033.68],
    ],
  ],
  gaussian_blur: [
    [
      [118.34, 64.67],
      [118.34, 788.02],
      [118.32, 1127.62],
      [118.32, 1373.37],
      [118.32, 1691.51],
    ],
    [
      [119.45, 1814.52],
      [119.44, 2399.53],
      [119.41, 2729.29],
      [119.37, 3004.19],
      [119.3, 3262.82],
    ],
  ],
  saturate: [
    [
      [162.01, 3275.44],
      [174.35, 5414.5],
      [96.07, 924.57],
      [89.88, 1670.21],
      [89.88, 1670.21],
    ],
    [
      [163.73, 3367.6],
      [176.24, 5566.85],
      [91.49, 1604.69],
      [90.99, 1691.89],
      [90.99, 1691.89],
    ],
  ],
};

/** A colour picture with texture and edges, from integers alone. */
function pattern(side: number): Image {
  const data = new Uint8Array(side * side * 3);
  for (let i = 0; i < data.length; i++) {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % side, Math.floor(i / 3 / side)];
    const inside = x > Math.floor(side / 4) && y > Math.floor(side / 3) ? 60 : 0;
    data[i] = ((x * 13 + y * 7 + c * 50 + ((x * y) % 31) * 3 + inside) % 200) + 20;
  }
  return { data, width: side, height: side, channels: 3 };
}

for (const [name, sizes] of Object.entries(RECORDED)) {
  test(`${name} is the original's`, async (t) => {
    for (const [i, side] of [32, 96].entries()) {
      const image = pattern(side);
      for (const [s, [mean, damage]] of (sizes[i] ?? []).entries()) {
        const { data } = await corrupt(image, name as CorruptionName, (s + 1) as Severity, 1);
        const ours = data.reduce((sum, value) => sum + value, 0) / data.length;
        const changed = data.reduce((sum, value, k) => sum + (value - (image.data[k] as number)) ** 2, 0) / data.length;
        // Values at the edge between two bytes fall to either side.
        const what = `side ${side}, severity ${s + 1}: mean ${ours.toFixed(2)} for ${mean}, damage ${changed.toFixed(2)} for ${damage}`;
        t.ok(Math.abs(ours - mean) < 0.1 && Math.abs(changed - damage) < 0.2 + 0.005 * damage, what);
      }
    }
  });
}

test('drops of water stand out in relief as those of the original', async (t) => {
  // Mean and mean square of what the original's calls to OpenCV make of these drops, and the mean distance to their
  // edges.
  for (const [side, mean, square, distance] of [
    [32, 0.03961, 0.01003, 1.3964],
    [96, 0.03394, 0.00713, 1.4688],
  ] as const) {
    const layer = plane(side, side, (x, y) => {
      const reach = 20 + ((Math.floor(x / 17) + Math.floor(y / 13)) % 3) * 6;
      return ((x % 17) - 8) ** 2 + ((y % 13) - 6) ** 2 <= reach ? 0.7 + ((x * 7 + y * 5) % 40) / 160 : 0;
    });
    const meanOf = ({ data }: Picture): number => data.reduce((sum, value) => sum + value, 0) / data.length;
    const drops = waterDrops(layer, 0.5);
    const bytes = mapPicture(layer, (value) => Math.floor(value * 255));
    const seen = [
      meanOf(drops),
      meanOf(mapPicture(drops, (value) => value ** 2)),
      meanOf(chamferDistance(edges(bytes, 50, 150))),
    ];
    for (const [i, expected] of [mean, square, distance].entries())
      t.ok(Math.abs((seen[i] as number) - expected) < 0.01 * expected, `side ${side}: ${seen[i]} for ${expected}`);
  }
});
