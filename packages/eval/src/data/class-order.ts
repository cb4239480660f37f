import { RenormError } from '@renorm/protocol';
import { type ClassesOfModel, inPythonOrder } from './data-set.js';

/** Which class of the model each folder is. */
export interface ClassOrder {
  readonly indexOf: ReadonlyMap<string, number>;
  readonly notes: readonly string[];
}

/**
 * Finds out which class each folder of an ImageFolder is: the names that the user gave, in the model's order; else as
 * torchvision has it, the sorted names count from 0; else, where there are fewer folders than classes, names that are
 * numbers say it themselves.
 *
 * @throws RenormError REQUEST_INVALID: the folders cannot be told
 */
export function classOrder(
  folders: readonly string[],
  { classes, classNames }: ClassesOfModel,
  where: string,
): ClassOrder {
  const wrong = (text: string): RenormError => new RenormError('REQUEST_INVALID', `--data ${where}: ${text}`);
  const sorted = inPythonOrder(folders);
  if (classNames !== undefined) {
    if (classNames.length !== classes)
      throw wrong(
        `--classes names ${classNames.length} classes, the model tells ${classes} apart; name all, one per line, in the model's order.`,
      );
    const unknown = sorted.find((folder) => !classNames.includes(folder));
    if (unknown !== undefined)
      throw wrong(`--classes does not name the folder ${unknown}; name it as the folder is called.`);
    return { indexOf: new Map(sorted.map((folder) => [folder, classNames.indexOf(folder)])), notes: oneClass(sorted) };
  }
  if (sorted.length === classes) {
    const notes = numbersOutOfOrder(sorted)
      ? [
          'The class folders are numbered; they were taken in the order of their names as torchvision does (1, 10, 2), not of their numbers. --classes says otherwise.',
        ]
      : [];
    return { indexOf: new Map(sorted.map((folder, i) => [folder, i])), notes };
  }
  if (sorted.length < classes && sorted.every((folder) => /^\d+$/.test(folder) && Number(folder) < classes))
    return { indexOf: new Map(sorted.map((folder) => [folder, Number(folder)])), notes: oneClass(sorted) };
  throw wrong(
    `the folder has ${sorted.length} class folder${sorted.length === 1 ? '' : 's'} and the model tells ${classes} classes apart; say which is which: --classes FILE, the names of all classes, one per line, in the model's order.`,
  );
}

const oneClass = (folders: readonly string[]): string[] =>
  folders.length === 1
    ? [
        `All images are of one class, ${folders[0]}: accuracy says how often the model sees that class, and nothing of the others.`,
      ]
    : [];

const numbersOutOfOrder = (sorted: readonly string[]): boolean =>
  sorted.every((name) => /^\d+$/.test(name)) && sorted.some((name, i) => i > 0 && Number(name) < Number(sorted[i - 1]));
