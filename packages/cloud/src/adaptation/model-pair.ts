import { describeModel, normalizationLayers, type OnnxModel, parseModel } from '@renorm/onnx';
import { digestBytes, RenormError } from '@renorm/protocol';

/** An edge model and the foundation model that teaches it, checked against each other. */
export interface ModelPair {
  readonly edge: OnnxModel;
  readonly foundation: OnnxModel;
  /** SHA-256 of the files. */
  readonly edgeDigest: Uint8Array;
  readonly foundationDigest: Uint8Array;
  /** Shape of one sample, without the batch axis. */
  readonly sampleShape: readonly number[];
  readonly classes: number;
}

/** An ONNX file with the name that messages call it. */
export interface ModelFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * @throws OnnxError for either file; RenormError MODEL_MISMATCH: they differ in input shape or number of classes, or do not say
 */
export function modelPair(edgeFile: ModelFile, foundationFile: ModelFile): ModelPair {
  const edge = parseModel(edgeFile.bytes, edgeFile.name);
  const foundation = parseModel(foundationFile.bytes, foundationFile.name);
  for (const model of [edge, foundation]) normalizationLayers(model);
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
    edge,
    foundation,
    edgeDigest: digestBytes(edgeFile.bytes),
    foundationDigest: digestBytes(foundationFile.bytes),
    ...edgeFacts,
  };
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
