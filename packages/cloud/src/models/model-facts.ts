import {
  normalizationLayers,
  type OnnxModel,
  type PreparedClassifier,
  type PrepareOptions,
  parseModel,
  prepareClassifier,
} from '@renorm/onnx';
import { type AgreedModel, digestBytes, RenormError, toHex } from '@renorm/protocol';

/** The models of a cloud: the one that devices run, and the stronger one where there is one. */
export interface Models extends AgreedModel {
  readonly edge: OnnxModel;
  /** Only some strategies need one. */
  readonly foundation: OnnxModel | undefined;
  /** SHA-256 of the files. */
  readonly edgeDigest: Uint8Array;
  readonly foundationDigest: Uint8Array | undefined;
  /** What was done to make the models fit, in sentences; and what they were given, where that was something. */
  readonly prepared: { readonly edge: Preparation; readonly foundation: Preparation };
}

interface Preparation {
  readonly changes: readonly string[];
  readonly options: PrepareOptions;
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
  /** What it does not say of itself. */
  readonly options?: PrepareOptions;
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
    ...{ edge: edge.model, edgeDigest: digestBytes(edgeFile.bytes), ...facts(edge) },
    ...{ foundation: undefined, foundationDigest: undefined },
    prepared: { edge: preparation(edgeFile, edge), foundation: { changes: [], options: {} } },
  };
}

/** As `readModels`, for who needs both. @throws as `readModels` */
export function modelPair(edgeFile: ModelFile, foundationFile: ModelFile): ModelPair {
  const [edge, foundation] = [readModel(edgeFile), readModel(foundationFile)];
  const [name, other] = [edge.model.name, foundation.model.name];
  if (String(edge.sampleShape) !== String(foundation.sampleShape)) {
    throw mismatch(
      `${name} takes samples of shape [${edge.sampleShape}], ${other} of shape [${foundation.sampleShape}]`,
    );
  }
  if (edge.classes !== foundation.classes) {
    throw mismatch(`${name} tells ${edge.classes} classes apart, ${other} ${foundation.classes}`);
  }
  return {
    ...{ edge: edge.model, edgeDigest: digestBytes(edgeFile.bytes), ...facts(edge) },
    ...{ foundation: foundation.model, foundationDigest: digestBytes(foundationFile.bytes) },
    prepared: { edge: preparation(edgeFile, edge), foundation: preparation(foundationFile, foundation) },
  };
}

/** The models where there are both. */
export function pairOf(models: Models): ModelPair | undefined {
  const { foundation, foundationDigest } = models;
  if (foundation === undefined || foundationDigest === undefined) return undefined;
  return { ...models, foundation, foundationDigest };
}

/**
 * What a data folder knows its models by, hexadecimal: SHA-256 of the files, and of what they were given, where that was something: the parameters of
 * another output's model are others.
 */
export function digestsOf(models: Models): { edgeModel: string; foundationModel?: string } {
  const { edgeDigest, foundationDigest, prepared } = models;
  return {
    edgeModel: toHex(withOptions(edgeDigest, prepared.edge)),
    ...(foundationDigest && { foundationModel: toHex(withOptions(foundationDigest, prepared.foundation)) }),
  };
}

function withOptions(digest: Uint8Array, { options }: Preparation): Uint8Array {
  const { output, sizes } = options;
  if (output === undefined && sizes === undefined) return digest;
  return digestBytes(new TextEncoder().encode(JSON.stringify([toHex(digest), output ?? '', sizes ?? []])));
}

/** A model as devices prepare theirs: its output are logits, its batch is open. */
function readModel({ bytes, name, options }: ModelFile): PreparedClassifier {
  const prepared = prepareClassifier(parseModel(bytes, name), options);
  normalizationLayers(prepared.model);
  return prepared;
}

const preparation = ({ options = {} }: ModelFile, { changes }: PreparedClassifier): Preparation => ({
  changes,
  options,
});

const facts = ({ output, sampleShape, classes }: PreparedClassifier): AgreedModel => ({
  ...{ output: output.logits, sampleShape, classes },
});

function mismatch(text: string): RenormError {
  return new RenormError('MODEL_MISMATCH', `${text}. Export two models for the same task: the same input and classes.`);
}
