import { Filter, Fit, imageShape } from '@renorm/protocol';
import { type Case, Skip } from '../case.js';
import { blackPng, IMAGES, image } from '../image-bytes.js';
import type { PlainSample } from '../sample-bytes.js';
import type { ServerContext } from './context.js';
import { allRefused } from './refused-samples.js';
import { uploaded } from './upload-cases.js';

const group = 'Images';

function shapeOf(context: ServerContext): readonly [channels: number, height: number, width: number] {
  const shape = imageShape(context.setup.model.shape);
  if (shape !== undefined) return shape;
  throw new Skip(`the model takes [${context.setup.model.shape}], not 1 or 3 channels, height and width`);
}

export const IMAGE_CASES: readonly Case<ServerContext>[] = [
  {
    id: 'S-80',
    group,
    title: 'JPEG, PNG and WebP are taken, however they are fitted',
    proves: ['S-7', 'S-10'],
    async run(context) {
      const shape = shapeOf(context);
      const [channels, height, width] = shape;
      const side = Math.max(height, width);
      const peer = context.peer();
      const normalized = { mean: Array(channels).fill(0.5), std: Array(channels).fill(0.25) };
      const samples = [
        ...Object.values(IMAGES).map((file) => image(shape, file)),
        image(shape, IMAGES.JPEG, { fit: Fit.STRETCH, filter: Filter.BICUBIC, ...normalized }),
        image(shape, IMAGES.WebP, { fit: Fit.CROP, shorterSide: side, filter: Filter.BILINEAR }),
        image(shape, IMAGES.PNG, { fit: Fit.CROP, shorterSide: side + 3, filter: Filter.BICUBIC, ...normalized }),
        image(shape, blackPng(width, height), { fit: Fit.NONE }),
      ];
      for (const sample of samples) await uploaded(peer, context.uploading(context.session(), [1], { sample }), 1, 0);
    },
  },
  {
    id: 'S-81',
    group,
    title: 'files that are damaged, of another kind or too large are refused',
    proves: ['S-14', 'S-7', 'L-2', 'L-3'],
    async run(context) {
      const shape = shapeOf(context);
      const text = (file: string): PlainSample => image(shape, new TextEncoder().encode(file));
      await allRefused(context, {
        'an empty file': image(shape, new Uint8Array()),
        'a truncated JPEG': image(shape, IMAGES.JPEG.subarray(0, 250)),
        'a truncated PNG': image(shape, IMAGES.PNG.subarray(0, 60)),
        'a truncated WebP': image(shape, IMAGES.WebP.subarray(0, 60)),
        'an SVG': text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
        'a GIF': text('GIF89a\u0001\u0000\u0001\u0000'),
        'a PNG of 65,536 x 65,536 pixels, 1 bit each': image(shape, headOnly(65_536, 65_536)),
        'a PNG of 8,192 x 8,192 pixels': image(shape, blackPng(8192, 8192, 1)),
        'a PNG of 20,000 x 1 pixels': image(shape, blackPng(20_000, 1)),
        'a PNG of 16 bits': image(shape, blackPng(24, 16, 16)),
      });
    },
  },
  {
    id: 'S-82',
    group,
    title: 'preprocessing that cannot be followed is refused',
    proves: ['S-14', 'S-10', 'S-12'],
    async run(context) {
      const shape = shapeOf(context);
      const [channels, height, width] = shape;
      const png = (preprocessing: Parameters<typeof image>[2]): PlainSample => image(shape, IMAGES.PNG, preprocessing);
      const { preprocessing: _, ...bare } = png({});
      const all = (value: number): number[] => Array(channels).fill(value);
      const crop = { fit: Fit.CROP, filter: Filter.BILINEAR };
      await allRefused(context, {
        'no preprocessing': bare,
        'no fit': png({ filter: Filter.BILINEAR }),
        'fit 1000': png({ fit: 1000 as Fit, filter: Filter.BILINEAR }),
        'no filter': png({ fit: Fit.STRETCH }),
        'filter 1000': png({ fit: Fit.STRETCH, filter: 1000 as Filter }),
        'another size, not fitted': image(shape, blackPng(width + 1, height), { fit: Fit.NONE }),
        'a shorter side of 0': png(crop),
        'a shorter side below the model’s': png({ ...crop, shorterSide: Math.max(height, width) - 1 }),
        'a shorter side of 2^32 - 1': png({ ...crop, shorterSide: 2 ** 32 - 1 }),
        'a mean too many': png({ fit: Fit.NONE, mean: [...all(0), 0], std: [...all(1), 1] }),
        'a mean without a std': png({ fit: Fit.NONE, mean: all(0) }),
        'a mean of NaN': png({ fit: Fit.NONE, mean: all(Number.NaN), std: all(1) }),
        'a std of 0': png({ fit: Fit.NONE, mean: all(0), std: all(0) }),
        'a std of infinity': png({ fit: Fit.NONE, mean: all(0), std: all(Number.POSITIVE_INFINITY) }),
      });
    },
  },
  {
    id: 'S-83',
    group,
    title: 'a model that takes no images refuses them',
    proves: ['S-15'],
    async run(context) {
      const { shape } = context.setup.model;
      if (imageShape(shape) !== undefined) throw new Skip(`the model takes [${shape}], which images fit`);
      await allRefused(context, { 'a PNG': image(shape, IMAGES.PNG) });
    },
  },
];

/** A PNG whose header promises more than follows. */
function headOnly(width: number, height: number): Uint8Array {
  const png = blackPng(8, 8, 1);
  const view = new DataView(png.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return png;
}
