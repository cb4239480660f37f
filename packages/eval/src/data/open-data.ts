import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { RenormError, unreadable } from '@renorm/protocol';
import { openCifarC, openNpyImages, openNpz } from './array-images.js';
import { AS_IT_IS, type ClassesOfModel, checkLabels, type DataSet } from './data-set.js';
import { listFolder, openImageFolder } from './image-folder.js';
import { openImagenetC } from './imagenet-c.js';
import { idxImages, readLabelledImages } from './labelled-images.js';
import { openWebDataset } from './web-dataset.js';

const TAR = /\.(tar|tar\.gz|tgz)$/i;

/**
 * Opens data of any layout that docs/evaluation.md lists; which, the files say.
 *
 * @param path a folder, or a .npz, .npy or .tar file
 * @throws RenormError REQUEST_INVALID, IMAGE_UNREADABLE
 */
export async function openData(path: string, model: ClassesOfModel): Promise<DataSet> {
  const facts = await stat(path).catch((cause: unknown) => {
    throw unreadable('REQUEST_INVALID', `--data ${path}`, cause);
  });
  return facts.isDirectory() ? openFolder(path, model) : openFile(path, model);
}

async function openFile(path: string, model: ClassesOfModel): Promise<DataSet> {
  if (TAR.test(path)) return openWebDataset([path], model);
  if (/\.npz$/i.test(path)) return openNpz(path, model);
  if (/\.npy$/i.test(path)) return openNpyImages(path, undefined, model);
  throw new RenormError(
    'REQUEST_INVALID',
    `--data ${path}: it is no folder, and no .npz, .npy or .tar file; name one of these.`,
  );
}

async function openFolder(folder: string, model: ClassesOfModel): Promise<DataSet> {
  const { files } = await listFolder(folder);
  const shards = files.filter((name) => TAR.test(name)).map((name) => join(folder, name));
  if (shards.length > 0) return openWebDataset(shards, model);
  const idx = idxImages(files);
  if (idx.length > 0) return openIdx(folder, idx, model);
  const arrays = files.filter((name) => name.endsWith('.npy'));
  const images = arrays.find((name) => /^(images|x|x_test|data)\.npy$/.test(name));
  if (images !== undefined) {
    const labels = arrays.find((name) => /^(labels|y|y_test|targets)\.npy$/.test(name));
    return openNpyImages(join(folder, images), labels && join(folder, labels), model);
  }
  if (arrays.includes('labels.npy')) return openCifarC(folder, model);
  const npz = files.filter((name) => name.endsWith('.npz'));
  if (npz.length === 1) return openNpz(join(folder, basename(npz[0] as string)), model);
  return (await openImagenetC(folder, model)) ?? openImageFolder(folder, model);
}

async function openIdx(
  folder: string,
  [first, ...others]: readonly string[],
  { classes }: ClassesOfModel,
): Promise<DataSet> {
  const images = await readLabelledImages(folder);
  const labels = Array.from({ length: images.count }, (_, i) => images.label(i));
  checkLabels(labels, classes, folder);
  return {
    layout: 'idx',
    environments: [AS_IT_IS],
    isLabelled: true,
    notes: others.length === 0 ? [] : [`The images are those of ${first}; ${others.join(', ')} beside it is not read.`],
    open: async () => ({
      count: images.count,
      label: (index) => images.label(index),
      image: async (index) => images.image(index),
    }),
  };
}
