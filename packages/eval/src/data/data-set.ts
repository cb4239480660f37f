import type { Raster } from '@renorm/image';
import { RenormError } from '@renorm/protocol';

/** Images of one environment. */
export interface ImageSource {
  readonly count: number;
  /** Index of the class; undefined where the images come without labels. */
  label(index: number): number | undefined;
  /** @throws RenormError IMAGE_UNREADABLE, with the image's name */
  image(index: number): Promise<Raster>;
}

/** An environment that a data set brings with it. */
export interface OwnEnvironment {
  /** A corruption by its published name; undefined: the images as they are. */
  readonly corruption: string | undefined;
  /** 1 to 5; 0 for the images as they are. */
  readonly severity: number;
}

/** What was found where the user pointed. */
export interface DataSet {
  /** As a person would call the layout. */
  readonly layout: string;
  readonly environments: readonly OwnEnvironment[];
  readonly isLabelled: boolean;
  /** What the user should know of it: files passed over, an order of classes that was guessed. */
  readonly notes: readonly string[];
  /** @throws RenormError REQUEST_INVALID: it has no such environment; IMAGE_UNREADABLE */
  open(environment: OwnEnvironment): Promise<ImageSource>;
}

/** How the classes of a data set are to be understood. */
export interface ClassesOfModel {
  /** That the model tells apart. */
  readonly classes: number;
  /** Their names in the model's order, where the user gave them. */
  readonly classNames?: readonly string[];
}

export const AS_IT_IS: OwnEnvironment = { corruption: undefined, severity: 0 };

/** Pictures that @renorm/image decodes, by the end of their names. */
export const IMAGE_NAME = /\.(jpe?g|png|webp)$/i;

/** Names in the order of Python's `sorted`, by code points. */
export const inPythonOrder = (names: readonly string[]): string[] =>
  [...names].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

/** @throws RenormError IMAGE_UNREADABLE: a label that is no class of the model */
export function checkLabels(labels: readonly number[], classes: number, what: string): void {
  const wrong = labels.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < classes));
  if (wrong < 0) return;
  throw new RenormError(
    'IMAGE_UNREADABLE',
    `${what}: image ${wrong} has the label ${labels[wrong]}, and the model tells the classes 0 to ${classes - 1} apart; give data of the model's task, with labels that count from 0.`,
  );
}
