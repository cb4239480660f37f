import { describeModel, normalizationLayers, type OnnxModel, parseModel, prepareClassifier } from '@renorm/onnx';
import { digestBytes, RenormError, toHex } from '@renorm/protocol';

/** The models of a cloud: the one that devices run, and the stronger one where there is one. */
export interface Models {
  readonly edge: OnnxModel;
  /** Only some strategies need one. */
  readonly foundation: OnnxModel | undefined;
  /** SHA-256 of the files. */
  readonly edgeDigest: Uint8Array;
  readonly foundationDigest: Uint8Array | undefined;
  /** Shape of one sample, without the batch axis. */
  readonly sampleShape: readonly number[];
  readonly classes: number;
}

/** An edge model and the foundation model that teaches it, checked against each other. */
export interface ModelPair extends Models {
  readonly foundation: OnnxModel;
  readonly foundationDigest: Uint8Array;
}

/** An ONNX file with the name that messages call it. */
export interface ModelFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Reads the models, and checks them against each other where there are two.
 *
 * @throws OnnxError for either file; RenormError MODEL_MISMATCH: they differ in input shape or number of classes, or do not say
 */
export function readModels(edgeFile: ModelFile, foundationFile: ModelFile | undefined): Models {
  if (foundationFile !== undefined) return modelPair(edgeFile, foundationFile);
  const edge = readModel(edgeFile);
  return {
    ...{ edge, edgeDigest: digestBytes(edgeFile.bytes), ...facts(edge) },
    ...{ foundation: undefined, foundationDigest: undefined },
  };
}

/** As `readModels`, for who needs both. @throws as `readModels` */
export function modelPair(edgeFile: ModelFile, foundationFile: ModelFile): ModelPair {
  const [edge, foundation] = [readModel(edgeFile), readModel(foundationFile)];
  const [edgeFacts, foundationFacts] = [facts(edge), facts(foundation)];
  if (String(edgeFacts.sampleShape) !== String(foundationFacts.sampleShape)) {
    throw mismatch(
      `${edge.name} takes samples of shape [${edgeFacts.sampleShape}], ${foundation.name} of shape [${foundationFacts.sampleShape}]`,
    );
  }
  if (edgeFacts.classes !== foundationFacts.classes) {
    throw mismatch(
      `${edge.name} tells ${edgeFacts.classes} classes apart, ${foundation.name} ${foundationFacts.classes}`,
    );
  }
  return {
    ...{ edge, edgeDigest: digestBytes(edgeFile.bytes), ...edgeFacts },
    ...{ foundation, foundationDigest: digestBytes(foundationFile.bytes) },
  };
}

/** SHA-256 of the files, hexadecimal, as a data folder names its models. */
export function digestsOf({ edgeDigest, foundationDigest }: Models): { edgeModel: string; foundationModel?: string } {
  return { edgeModel: toHex(edgeDigest), ...(foundationDigest && { foundationModel: toHex(foundationDigest) }) };
}

/** A model as devices prepare theirs: its output are logits, its batch is open. */
function readModel({ bytes, name }: ModelFile): OnnxModel {
  const { model } = prepareClassifier(parseModel(bytes, name));
  normalizationLayers(model);
  return model;
}

function facts(model: OnnxModel): { sampleShape: number[]; classes: number } {
  const { inputShape, inputType, classes, name } = describeModel(model);
  if (inputType !== 'float32') throw mismatch(`${name} takes ${inputType}, and samples are float32`);
  const sampleShape = inputShape.slice(1);
  const open = sampleShape.find((dim) => typeof dim !== 'number');
  if (open !== undefined || sampleShape.length === 0) {
    throw mismatch(`${name} leaves its input shape [${inputShape}] open beyond the batch axis`);
  }
  if (typeof inputShape[0] === 'number')
    throw mismatch(`${name} has a fixed batch of ${inputShape[0]}; training needs a dynamic batch axis`);
  if (classes === undefined) throw mismatch(`${name} does not say how many classes its output has`);
  return { sampleShape: sampleShape as number[], classes };
}

function mismatch(text: string): RenormError {
  return new RenormError(
    'MODEL_MISMATCH',
    `${text}. Export two models for the same task: the same input and classes, batch axis dynamic.`,
  );
}
