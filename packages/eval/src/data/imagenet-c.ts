import { join } from 'node:path';
import { RenormError } from '@renorm/protocol';
import type { ClassesOfModel, DataSet, OwnEnvironment } from './data-set.js';
import { listFolder, openClassFolders } from './image-folder.js';

/** The folders that ImageNet-C is published in, each with corruptions in it. */
const GROUPS = ['blur', 'digital', 'extra', 'noise', 'weather'];

/**
 * ImageNet-C as published: a folder for each corruption (or for each group of them, as the archives unpack), in it one
 * for each severity, 1 to 5, in it one for each class.
 *
 * @returns undefined where the folder is not laid out so
 * @throws RenormError REQUEST_INVALID
 */
export async function openImagenetC(folder: string, model: ClassesOfModel): Promise<DataSet | undefined> {
  const places = new Map<string, { environment: OwnEnvironment; path: string }>();
  const look = async (parent: string): Promise<void> => {
    for (const corruption of (await listFolder(parent)).folders) {
      const { folders } = await listFolder(join(parent, corruption));
      const severities = folders.filter((name) => /^[1-5]$/.test(name));
      if (severities.length === 0 || severities.length !== folders.length) continue;
      for (const severity of severities) {
        const classFolders = (await listFolder(join(parent, corruption, severity))).folders;
        if (classFolders.length === 0) return;
        const environment = { corruption, severity: Number(severity) };
        places.set(keyOf(environment), { environment, path: join(parent, corruption, severity) });
      }
    }
  };
  await look(folder);
  for (const group of (await listFolder(folder)).folders) if (GROUPS.includes(group)) await look(join(folder, group));
  if (places.size === 0) return undefined;
  return {
    layout: 'ImageNet-C',
    isLabelled: true,
    notes: [],
    environments: [...places.values()].map(({ environment }) => environment),
    async open(environment) {
      const place = places.get(keyOf(environment));
      if (place === undefined)
        throw new RenormError(
          'REQUEST_INVALID',
          `--data ${folder}: it has no ${environment.corruption} of severity ${environment.severity}; unpack it, or name another.`,
        );
      return (await openClassFolders(place.path, model)).source;
    },
  };
}

const keyOf = ({ corruption, severity }: OwnEnvironment): string => `${corruption}/${severity}`;
