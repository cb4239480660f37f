import type { PreparedClassifier } from '@renorm/onnx';
import { labelsInMetadata, RenormError } from '@renorm/protocol';
import type { ModelFile } from './model-source.js';

interface Named {
  readonly file: ModelFile;
  readonly prepared: PreparedClassifier;
}

/**
 * For each class of the edge model its index among those of the foundation model: as was said, by index or by name, or
 * as the names in both models' metadata say.
 *
 * @returns undefined where the two count their classes alike
 * @throws RenormError MODEL_MISMATCH: the classes cannot be told from one another
 */
export function classOrder(edge: Named, foundation: Named): readonly number[] | undefined {
  const { classes, model } = edge.prepared;
  const given = foundation.file.classes;
  const differ = `${model.name} tells ${classes} classes apart, ${foundation.prepared.model.name} ${foundation.prepared.classes}`;
  if (given !== undefined && isIndices(given)) {
    if (given.length === classes) return given;
    throw mismatch(
      `${differ}, and foundation.classes has ${given.length} indices`,
      `give ${classes}, one per class of the edge model`,
    );
  }
  const names = namesOf({ ...foundation, file: { ...foundation.file, ...(given && { labels: given }) } });
  const wanted = namesOf(edge);
  if (given !== undefined && wanted === undefined)
    throw mismatch(
      `the classes of ${model.name} have no names, by which foundation.classes could be found`,
      'name them (labels), or give indices',
    );
  const order = names === undefined ? undefined : wanted?.map((name) => names.indexOf(name));
  const missing = order?.indexOf(-1) ?? -1;
  if (order !== undefined && missing < 0) return order;
  if (given !== undefined)
    throw mismatch(
      `no class of ${foundation.prepared.model.name} is called "${wanted?.[missing]}", as one of ${model.name} is`,
      'give the names that the edge model has, or indices',
    );
  if (foundation.prepared.classes === classes) return undefined;
  throw mismatch(
    differ,
    `say which are the same: foundation: { classes: […] }, for each class of the edge model its index among those of the foundation model, or names of the latter and labels of the former; or export two models for the same task`,
  );
}

const isIndices = (classes: NonNullable<ModelFile['classes']>): classes is readonly number[] =>
  classes.every((each) => typeof each === 'number');

/** As they are compared. @throws RenormError MODEL_MISMATCH: there is not a name for each class */
function namesOf({ file, prepared }: Named): readonly string[] | undefined {
  const { classes, model } = prepared;
  const names = file.labels ?? labelsInMetadata(model.proto.metadataProps, classes);
  if (names !== undefined && names.length !== classes)
    throw mismatch(
      `${model.name} tells ${classes} classes apart, and ${names.length} names were given`,
      'name each, in the order of their indices',
    );
  return names?.map((name) => name.trim().toLowerCase());
}

const mismatch = (text: string, remedy: string): RenormError =>
  new RenormError('MODEL_MISMATCH', `${text}; ${remedy}.`);
