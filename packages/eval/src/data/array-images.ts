import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Raster } from '@renorm/image';
import { RenormError, unreadable } from '@renorm/protocol';
import { unzipSync } from 'fflate';
import { AS_IT_IS, type ClassesOfModel, checkLabels, type DataSet, type ImageSource } from './data-set.js';
import { damaged, integersOf, type NpyArray, openNpy, parseNpy } from './npy.js';

const IMAGES = ['x_test', 'x', 'images', 'test_images', 'data', 'arr_0'];
const LABELS = ['y_test', 'y', 'labels', 'test_labels', 'targets', 'label', 'arr_1'];
/** Severities in a file of CIFAR-10-C, one after the other. */
const SEVERITIES = 5;

/** How the rows of an array are pixels. */
interface Layout {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly planar: boolean;
}

/**
 * Images in a .npz, with their labels beside them.
 *
 * @throws RenormError IMAGE_UNREADABLE, REQUEST_INVALID
 */
export async function openNpz(path: string, model: ClassesOfModel): Promise<DataSet> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable('IMAGE_UNREADABLE', path, cause);
  });
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(bytes);
  } catch (cause) {
    throw damaged(path, cause);
  }
  const find = (names: readonly string[]): [name: string, bytes: Uint8Array] | undefined => {
    const name = names.map((each) => `${each}.npy`).find((each) => each in entries);
    return name === undefined ? undefined : [name, entries[name] as Uint8Array];
  };
  const images = find(IMAGES);
  if (images === undefined)
    throw new RenormError(
      'REQUEST_INVALID',
      `--data ${path}: none of its arrays (${Object.keys(entries).join(', ')}) is called ${IMAGES.join(', ')}; save the images under one of these names.`,
    );
  const labels = find(LABELS);
  const array = parseNpy(images[1], `${path}/${images[0]}`);
  const numbers = labels && (await integersOf(parseNpy(labels[1], `${path}/${labels[0]}`), `${path}/${labels[0]}`));
  return ofOneArray('npz', array, numbers, path, model);
}

/** A .npy file with images, and beside it labels.npy where there are labels. @throws RenormError IMAGE_UNREADABLE */
export async function openNpyImages(path: string, labels: string | undefined, model: ClassesOfModel): Promise<DataSet> {
  const numbers = labels === undefined ? undefined : await integersOf(await openNpy(labels), labels);
  return ofOneArray('npy', await openNpy(path), numbers, path, model);
}

function ofOneArray(
  layout: string,
  array: NpyArray,
  labels: number[] | undefined,
  path: string,
  { classes }: ClassesOfModel,
): DataSet {
  const source = sourceOf(array, labels, 0, array.shape[0] ?? 0, path);
  if (labels !== undefined) {
    if (labels.length !== source.count)
      throw damaged(path, `it has ${source.count} images and ${labels.length} labels`);
    checkLabels(labels, classes, path);
  }
  return { layout, environments: [AS_IT_IS], isLabelled: labels !== undefined, notes: [], open: async () => source };
}

/**
 * CIFAR-10-C and CIFAR-100-C as published: labels.npy, and a file of uint8 [50000, 32, 32, 3] for each corruption,
 * 10,000 images for each severity.
 *
 * @throws RenormError IMAGE_UNREADABLE
 */
export async function openCifarC(folder: string, { classes }: ClassesOfModel): Promise<DataSet> {
  const labels = await integersOf(await openNpy(join(folder, 'labels.npy')), join(folder, 'labels.npy'));
  checkLabels(labels, classes, join(folder, 'labels.npy'));
  const names = (await readdir(folder)).filter((name) => name.endsWith('.npy') && name !== 'labels.npy').sort();
  return {
    layout: 'CIFAR-10-C',
    isLabelled: true,
    notes: [],
    environments: names.flatMap((name) =>
      Array.from({ length: SEVERITIES }, (_, i) => ({ corruption: basename(name, '.npy'), severity: i + 1 })),
    ),
    async open({ corruption, severity }) {
      const path = join(folder, `${corruption}.npy`);
      const array = await openNpy(path);
      const each = Math.floor((array.shape[0] ?? 0) / SEVERITIES);
      if (array.shape[0] !== labels.length || each * SEVERITIES !== labels.length)
        throw damaged(
          path,
          `it has ${array.shape[0]} images and labels.npy ${labels.length}, and both should be five severities of as many`,
        );
      return sourceOf(array, labels, (severity - 1) * each, each, path);
    },
  };
}

function sourceOf(
  array: NpyArray,
  labels: readonly number[] | undefined,
  first: number,
  count: number,
  path: string,
): ImageSource {
  const layout = layoutOf(array, path);
  return {
    count,
    label: (index) => labels?.[first + index],
    image: async (index) => rasterOf(await array.row(first + index), layout),
  };
}

function layoutOf({ type, shape }: NpyArray, path: string): Layout {
  if (type !== '|u1' && type !== '<u1') throw damaged(path, `its pixels are ${type}; save them as uint8 (0 to 255)`);
  const [, a = 0, b = 0, c] = shape;
  if (shape.length === 3) return { height: a, width: b, channels: 1, planar: false };
  if (shape.length === 4 && (c === 1 || c === 3)) return { height: a, width: b, channels: c, planar: false };
  if (shape.length === 4 && (a === 1 || a === 3)) return { height: b, width: c as number, channels: a, planar: true };
  throw damaged(
    path,
    `its shape is [${shape}], not [images, height, width], [images, height, width, 1 or 3] or [images, 1 or 3, height, width]`,
  );
}

function rasterOf(row: Uint8Array, { width, height, channels, planar }: Layout): Raster {
  if (!planar) return { width, height, channels, data: row };
  const [size, data] = [width * height, new Uint8Array(row.length)];
  for (let i = 0; i < size; i++)
    for (let c = 0; c < channels; c++) data[i * channels + c] = row[c * size + i] as number;
  return { width, height, channels, data };
}
