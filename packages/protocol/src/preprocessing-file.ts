import type { Preprocessing } from './preprocessing.js';

type Json = Readonly<Record<string, unknown>>;

/** Numbers of Pillow's filters. */
const PILLOW_FILTERS: Readonly<Record<number, Preprocessing['filter']>> = { 2: 'bilinear', 3: 'bicubic' };
/** Below this ConvNeXt's files mean a crop of the image, from it on a squeezed one. */
const CONVNEXT_SQUEEZES_FROM = 384;

/**
 * What a file says that lies beside many published models: `preprocessor_config.json` of Hugging Face's transformers,
 * or a `config.json` of timm's.
 *
 * @param text of the file, JSON
 * @returns the preprocessing, or in words what of it cannot be followed
 */
export function parsePreprocessingFile(text: string): Preprocessing | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  if (!isObject(value)) return 'it holds no JSON object';
  const timm = isObject(value.pretrained_cfg) ? value.pretrained_cfg : 'input_size' in value ? value : undefined;
  try {
    return timm === undefined ? ofTransformers(value) : ofTimm(timm);
  } catch (error) {
    if (error instanceof Unfollowed) return error.message;
    throw error;
  }
}

class Unfollowed extends Error {}

/** torchvision's `Resize` and `CenterCrop`, as timm's `transforms_imagenet_eval` puts them together. */
function ofTimm({ input_size: size, crop_pct, crop_mode = 'center', interpolation, mean, std }: Json): Preprocessing {
  const [, height, width] = numbers(size, 'input_size');
  if (height === undefined || height !== width)
    throw new Unfollowed(`input_size is ${JSON.stringify(size)}, no square`);
  const share = crop_pct === undefined || crop_pct === null ? 0.875 : number(crop_pct, 'crop_pct');
  if (crop_mode !== 'center' && !(crop_mode === 'squash' && share === 1))
    throw new Unfollowed(`crop_mode is ${String(crop_mode)}, with crop_pct ${share}`);
  const filter = interpolation ?? 'bilinear';
  if (filter !== 'bilinear' && filter !== 'bicubic') throw new Unfollowed(`interpolation is ${String(filter)}`);
  const fit = crop_mode === 'squash' ? {} : { shorterSide: Math.floor(height / share) };
  return { fit: crop_mode === 'squash' ? 'stretch' : 'crop', ...fit, filter, ...normalization(mean, std) };
}

function ofTransformers(file: Json): Preprocessing {
  if (!('image_mean' in file || 'size' in file || 'do_resize' in file))
    throw new Unfollowed('it is no preprocessor_config.json and no config.json of timm');
  const { do_rescale = true, rescale_factor: factor = 1 / 255, do_normalize = true } = file;
  if (do_rescale !== true || Math.abs(number(factor, 'rescale_factor') * 255 - 1) > 1e-6)
    throw new Unfollowed('its pixels are not divided by 255');
  const how = do_normalize === true ? normalization(file.image_mean, file.image_std) : {};
  return { ...fitOf(file), ...how };
}

function fitOf({ do_resize = true, size, do_center_crop = false, crop_pct, resample = 2 }: Json): Preprocessing {
  if (do_resize !== true) {
    if (do_center_crop === true) throw new Unfollowed('it crops without a resize');
    return { fit: 'none' };
  }
  const filter = PILLOW_FILTERS[number(resample, 'resample')];
  if (filter === undefined) throw new Unfollowed(`resample is ${String(resample)}, not 2 (bilinear) or 3 (bicubic)`);
  const edge = isObject(size) ? size.shortest_edge : do_center_crop === true ? size : undefined;
  if (edge === undefined) return { fit: 'stretch', filter };
  const side = number(edge, 'size');
  if (do_center_crop === true) return { fit: 'crop', shorterSide: side, filter };
  if (crop_pct === undefined || crop_pct === null)
    throw new Unfollowed('it keeps the shape of an image, and crops nothing');
  if (side >= CONVNEXT_SQUEEZES_FROM) return { fit: 'stretch', filter };
  return { fit: 'crop', shorterSide: Math.trunc(side / number(crop_pct, 'crop_pct')), filter };
}

function normalization(mean: unknown, std: unknown): Pick<Preprocessing, 'mean' | 'std'> {
  return { mean: numbers(mean, 'mean'), std: numbers(std, 'std') };
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function number(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  throw new Unfollowed(`${name} is ${JSON.stringify(value)}, and has to be a number above 0`);
}

function numbers(value: unknown, name: string): number[] {
  if (Array.isArray(value) && value.every((each) => typeof each === 'number' && Number.isFinite(each))) return value;
  throw new Unfollowed(`${name} is ${JSON.stringify(value)}, and has to be an array of numbers`);
}
