import {
  inClassOrder,
  normalizationLayers,
  type OnnxModel,
  type PreparedClassifier,
  type PrepareOptions,
  parseModel,
  prepareClassifier,
} from '@renorm/onnx';
import { type AgreedModel, digestBytes, toHex } from '@renorm/protocol';
import { classOrder } from './class-order.js';
import { FoundationView } from './foundation-view.js';
import type { ModelFile } from './model-source.js';
import { sampleTakers } from './sample-takers.js';

export type { ModelFile } from './model-source.js';

/** The models of a cloud: the one that devices run, and the stronger one where there is one. */
export interface Models extends AgreedModel {
  readonly edge: OnnxModel;
  /** Only some strategies need one. */
  readonly foundation: OnnxModel | undefined;
  /** Of a sample of the foundation model, without the batch axis. */
  readonly foundationShape: readonly number[] | undefined;
  /** Makes its samples of the edge model's; undefined where they are the same. */
  readonly view: FoundationView | undefined;
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
  readonly foundationShape: readonly number[];
  readonly foundationDigest: Uint8Array;
}

/**
 * Reads the models, and checks them against each other where there are two.
 *
 * @throws OnnxError for either file; RenormError MODEL_MISMATCH: they differ in their samples or classes, and nothing
 *   says how to get from one to the other
 */
export function readModels(edgeFile: ModelFile, foundationFile: ModelFile | undefined): Models {
  if (foundationFile !== undefined) return modelPair(edgeFile, foundationFile);
  const edge = readModel(edgeFile);
  return {
    ...{ edge: edge.model, edgeDigest: digestBytes(edgeFile.bytes), ...facts(edge) },
    ...{ foundation: undefined, foundationDigest: undefined, foundationShape: undefined, view: undefined },
    prepared: { edge: preparation(edgeFile, edge), foundation: { changes: [], options: {} } },
  };
}

/** As `readModels`, for who needs both. @throws as `readModels` */
export function modelPair(edgeFile: ModelFile, foundationFile: ModelFile): ModelPair {
  const [edge, asExported] = [readModel(edgeFile), readModel(foundationFile)];
  const order = classOrder({ file: edgeFile, prepared: edge }, { file: foundationFile, prepared: asExported });
  const foundation = order === undefined ? asExported : inClassOrder(asExported, order);
  const view = FoundationView.between(
    ...sampleTakers({ file: edgeFile, prepared: edge }, { file: foundationFile, prepared: foundation }),
  );
  const { changes, options } = preparation(foundationFile, foundation);
  return {
    ...{ edge: edge.model, edgeDigest: digestBytes(edgeFile.bytes), ...facts(edge) },
    ...{ foundation: foundation.model, foundationDigest: digestBytes(foundationFile.bytes) },
    ...{ foundationShape: foundation.sampleShape, view },
    prepared: {
      edge: preparation(edgeFile, edge),
      foundation: { changes: view === undefined ? changes : [...changes, view.says], options },
    },
  };
}

/** The models where there are both. */
export function pairOf(models: Models): ModelPair | undefined {
  const { foundation, foundationDigest, foundationShape } = models;
  if (foundation === undefined || foundationDigest === undefined || foundationShape === undefined) return undefined;
  return { ...models, foundation, foundationDigest, foundationShape };
}

/**
 * What a data folder knows its models by, hexadecimal: SHA-256 of the files, and of what they were given, where that
 * was something: the parameters of another output's model are others.
 *
 * @param file of a foundation model that nothing else is asked of
 */
export function digestsOf(models: Models, file?: ModelFile): { edgeModel: string; foundationModel?: string } {
  const { edgeDigest, prepared } = models;
  const foundationDigest = file === undefined ? models.foundationDigest : digestBytes(file.bytes);
  const options = file === undefined ? prepared.foundation.options : (file.options ?? {});
  return {
    edgeModel: toHex(withOptions(edgeDigest, prepared.edge.options)),
    ...(foundationDigest && { foundationModel: toHex(withOptions(foundationDigest, options)) }),
  };
}

function withOptions(digest: Uint8Array, { output, sizes }: PrepareOptions): Uint8Array {
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
