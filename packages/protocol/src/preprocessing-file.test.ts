import { test } from 'tap';
import { parsePreprocessingFile } from './preprocessing-file.js';

const parse = (value: object) => parsePreprocessingFile(JSON.stringify(value));
const [image_mean, image_std] = [
  [0.485, 0.456, 0.406],
  [0.229, 0.224, 0.225],
];
const normalized = { mean: image_mean, std: image_std };

test('a preprocessor_config.json says what its processor does', async (t) => {
  const size = { shortest_edge: 256 };
  const resnet = {
    do_center_crop: true,
    crop_size: { height: 224, width: 224 },
    resample: 2,
    size,
    image_mean,
    image_std,
  };
  t.same(parse(resnet), { fit: 'crop', shorterSide: 256, filter: 'bilinear', ...normalized });
  const vit = { do_resize: true, size: { height: 224, width: 224 }, resample: 3, rescale_factor: 0.00392156862745098 };
  t.same(parse({ ...vit, image_mean, image_std }), { fit: 'stretch', filter: 'bicubic', ...normalized });
  t.same(parse({ size: 224, do_normalize: false }), { fit: 'stretch', filter: 'bilinear' });
  const convnext = { size: { shortest_edge: 224 }, crop_pct: 0.875, resample: 3, image_mean, image_std };
  t.same(parse(convnext), { fit: 'crop', shorterSide: 256, filter: 'bicubic', ...normalized });
  t.match(parse({ ...convnext, size: { shortest_edge: 384 } }), { fit: 'stretch' });
  t.same(parse({ do_resize: false, image_mean, image_std }), { fit: 'none', ...normalized });
});

test('a config.json of timm says what its evaluation does', async (t) => {
  const pretrained_cfg = { input_size: [3, 224, 224], interpolation: 'bicubic', crop_pct: 0.9, crop_mode: 'center' };
  const config = {
    architecture: 'mobilenetv3',
    pretrained_cfg: { ...pretrained_cfg, mean: image_mean, std: image_std },
  };
  t.same(parse(config), { fit: 'crop', shorterSide: 248, filter: 'bicubic', ...normalized });
  t.match(parse({ ...config.pretrained_cfg, crop_mode: 'squash', crop_pct: 1 }), { fit: 'stretch' });
});

test('what cannot be followed is said, not guessed', async (t) => {
  const refused: [object, RegExp][] = [
    [{ model_type: 'vit' }, /no preprocessor_config/],
    [{ size: { height: 8, width: 8 }, resample: 1, do_normalize: false }, /resample is 1/],
    [{ size: 8, rescale_factor: 1, do_normalize: false }, /divided by 255/],
    [{ size: { shortest_edge: 8 }, do_normalize: false }, /keeps the shape/],
    [{ size: 8 }, /mean is undefined/],
    [{ input_size: [3, 8, 9] }, /no square/],
    [{ input_size: [3, 8, 8], crop_mode: 'border' }, /crop_mode is border/],
  ];
  for (const [file, why] of refused) t.match(parse(file), why, JSON.stringify(file));
  t.match(parsePreprocessingFile('{'), /not JSON/);
});
