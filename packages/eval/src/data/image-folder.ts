import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeImage } from '@renorm/image/node';
import { RenormError, unreadable } from '@renorm/protocol';
import { type ClassOrder, classOrder } from './class-order.js';
import {
  AS_IT_IS,
  type ClassesOfModel,
  type DataSet,
  IMAGE_NAME,
  type ImageSource,
  inPythonOrder,
} from './data-set.js';

interface LabelledFile {
  readonly path: string;
  readonly label: number | undefined;
}

/** Names in a folder, in order; without those that begin with a dot. @throws RenormError REQUEST_INVALID */
export async function listFolder(folder: string): Promise<{ folders: string[]; files: string[] }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable('REQUEST_INVALID', `--data ${folder}: the folder`, cause);
  });
  const seen = entries.filter(({ name }) => !name.startsWith('.'));
  const isFolder = (entry: (typeof seen)[number]): boolean =>
    entry.isDirectory() || (entry.isSymbolicLink() && !/\.\w+$/.test(entry.name));
  return {
    folders: inPythonOrder(seen.filter(isFolder).map(({ name }) => name)),
    files: inPythonOrder(seen.filter((entry) => !isFolder(entry)).map(({ name }) => name)),
  };
}

/**
 * A folder of images: with a folder for each class, as torchvision's ImageFolder has it, or without labels.
 *
 * @throws RenormError REQUEST_INVALID: there is no image, or the classes cannot be told
 */
export async function openImageFolder(folder: string, model: ClassesOfModel): Promise<DataSet> {
  const { folders, files } = await listFolder(folder);
  const flat = files.filter((name) => IMAGE_NAME.test(name));
  if (folders.length === 0 && flat.length > 0) {
    const source = filesSource(flat.map((name) => ({ path: join(folder, name), label: undefined })));
    return {
      layout: 'images without labels',
      environments: [AS_IT_IS],
      isLabelled: false,
      notes: [],
      open: async () => source,
    };
  }
  const { source, notes } = await openClassFolders(folder, model);
  const besides =
    flat.length > 0 ? [`${flat.length} images beside the class folders were passed over: they have no class.`] : [];
  return {
    layout: 'a folder for each class',
    environments: [AS_IT_IS],
    isLabelled: true,
    notes: [...notes, ...besides],
    open: async () => source,
  };
}

/** The images of class folders. @throws RenormError REQUEST_INVALID */
export async function openClassFolders(
  folder: string,
  model: ClassesOfModel,
): Promise<{ source: ImageSource; notes: readonly string[] }> {
  const { folders } = await listFolder(folder);
  const byClass = new Map<string, string[]>();
  const empty: string[] = [];
  for (const name of folders) {
    const images = await imagesBelow(join(folder, name));
    if (images.length === 0) empty.push(name);
    byClass.set(name, images);
  }
  const total = [...byClass.values()].reduce((sum, { length }) => sum + length, 0);
  if (total === 0)
    throw new RenormError(
      'REQUEST_INVALID',
      `--data ${folder}: there is no PNG, JPEG or WebP image in it; name a folder with one folder for each class, or one of the layouts of docs/evaluation.md.`,
    );
  const order: ClassOrder = classOrder(folders, model, folder);
  const labelled = [...byClass].flatMap(([name, paths]) =>
    paths.map((path): LabelledFile => ({ path, label: order.indexOf.get(name) })),
  );
  const without =
    empty.length === 0
      ? []
      : [
          `${empty.length} class folders have no image: ${empty.slice(0, 5).join(', ')}${empty.length > 5 ? ' …' : ''}.`,
        ];
  return { source: filesSource(labelled), notes: [...order.notes, ...without] };
}

async function imagesBelow(folder: string): Promise<string[]> {
  const { folders, files } = await listFolder(folder);
  const here = files.filter((name) => IMAGE_NAME.test(name)).map((name) => join(folder, name));
  const below = await Promise.all(folders.map((name) => imagesBelow(join(folder, name))));
  return [...here, ...below.flat()];
}

function filesSource(files: readonly LabelledFile[]): ImageSource {
  return {
    count: files.length,
    label: (index) => files[index]?.label,
    async image(index) {
      const { path } = files[index] as LabelledFile;
      const bytes = await readFile(path).catch((cause: unknown) => {
        throw unreadable('IMAGE_UNREADABLE', path, cause);
      });
      return decodeNamed(bytes, path);
    },
  };
}

/** As decodeImage, with the image's name in the error. @throws RenormError IMAGE_UNREADABLE */
export async function decodeNamed(bytes: Uint8Array, name: string): ReturnType<typeof decodeImage> {
  return decodeImage(bytes).catch((cause: unknown) => {
    throw cause instanceof RenormError
      ? new RenormError('IMAGE_UNREADABLE', `${name}: ${cause.text}`, { cause })
      : cause;
  });
}
