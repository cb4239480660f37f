import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RenormError, unreadable } from '@renorm/protocol';
import type { Image } from '../corruptions/index.js';
import { type IdxArray, readIdx } from './idx.js';

/** Grey images with their classes. */
export interface LabelledImages {
  readonly count: number;
  image(index: number): Image;
  label(index: number): number;
}

const IMAGES = 't10k-images-idx3-ubyte.gz';
const LABELS = 't10k-labels-idx1-ubyte.gz';

/**
 * The 10,000 test images of a data set of the MNIST family.
 *
 * @param folder with the files under their usual names
 * @throws RenormError IMAGE_UNREADABLE: a file is missing, truncated or something else, or the two do not belong together
 */
export async function readLabelledImages(folder: string): Promise<LabelledImages> {
  const images = await readArray(folder, IMAGES);
  const labels = await readArray(folder, LABELS);
  const [count = 0, height = 0, width = 0] = images.sizes;
  if (images.sizes.length !== 3 || labels.sizes.length !== 1 || labels.sizes[0] !== count) {
    throw new RenormError(
      'IMAGE_UNREADABLE',
      `${IMAGES} and ${LABELS} in ${folder} do not belong together. Copy them again.`,
    );
  }
  return {
    count,
    image: (index) => ({
      data: images.data.subarray(index * width * height, (index + 1) * width * height),
      width,
      height,
      channels: 1,
    }),
    label: (index) => labels.data[index] as number,
  };
}

async function readArray(folder: string, name: string): Promise<IdxArray> {
  const path = join(folder, name);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable('IMAGE_UNREADABLE', path, cause, "put the test set's files there");
  });
  return readIdx(bytes, path);
}
