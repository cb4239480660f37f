import { readdir, readFile } from 'node:fs/promises';
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

/** A file of images and the file of their labels, as the MNIST family names them, packed or not. */
interface IdxPair {
  readonly images: string;
  readonly labels: string;
}

const TEST_SET: IdxPair = { images: 't10k-images-idx3-ubyte.gz', labels: 't10k-labels-idx1-ubyte.gz' };
const IMAGES = /^(.*)images([-.])idx3-ubyte(\.gz)?$/;

/** Names of files of images in a listing, the test set's first where there is one. */
export function idxImages(names: readonly string[]): string[] {
  const found = names.filter((name) => IMAGES.test(name)).sort();
  return [...found.filter((name) => name.startsWith('t10k')), ...found.filter((name) => !name.startsWith('t10k'))];
}

/**
 * The images of a data set of the MNIST family: the test set's, or where there is none those of the first file by name.
 *
 * @param folder with the files under their usual names, `PREFIX-images-idx3-ubyte` and `PREFIX-labels-idx1-ubyte`, each
 *   with `.gz` or not
 * @throws RenormError IMAGE_UNREADABLE: a file is missing, truncated or something else, or the two do not belong
 *   together
 */
export async function readLabelledImages(folder: string): Promise<LabelledImages> {
  const names = await pairIn(folder);
  const images = await readArray(folder, names.images);
  const labels = await readArray(folder, names.labels);
  const [count = 0, height = 0, width = 0] = images.sizes;
  if (images.sizes.length !== 3 || labels.sizes.length !== 1 || labels.sizes[0] !== count) {
    throw new RenormError(
      'IMAGE_UNREADABLE',
      `${names.images} and ${names.labels} in ${folder} do not belong together. Copy them again.`,
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

/** Where there is none, the names that a message asks for. */
async function pairIn(folder: string): Promise<IdxPair> {
  // A folder that cannot be listed has no file that can be read, and the first that is missing says why.
  const files = await readdir(folder).catch((): string[] => []);
  const [images] = idxImages(files);
  const [, prefix = '', separator = '-'] = (images !== undefined && IMAGES.exec(images)) || [];
  if (images === undefined) return TEST_SET;
  const plain = `${prefix}labels${separator}idx1-ubyte`;
  const packed = `${plain}.gz`;
  return {
    images,
    labels: files.includes(plain) || (!images.endsWith('.gz') && !files.includes(packed)) ? plain : packed,
  };
}

async function readArray(folder: string, name: string): Promise<IdxArray> {
  const path = join(folder, name);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable(
      'IMAGE_UNREADABLE',
      path,
      cause,
      'images and their labels lie side by side, as the data set is published',
    );
  });
  return readIdx(bytes, path);
}
