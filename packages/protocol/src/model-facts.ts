import { create } from '@bufbuild/protobuf';
import { RenormError } from './errors.js';
import { type ModelFacts as ModelFactsMessage, ModelFactsSchema } from './gen/renorm/v1/adaptation_pb.js';

/** What a device and its cloud have to take a model for alike, beside its file. */
export interface AgreedModel {
  /** The value of the file that holds the scores. */
  readonly output: string;
  /** Without the batch axis. */
  readonly sampleShape: readonly number[];
  readonly classes: number;
}

/** Of an output in UTF-16 units; the beginning of longer ones travels. */
const MAX_NAME = 256;
const MAX_AXES = 16;

/** For the wire. */
export const modelFactsMessage = ({ output, sampleShape, classes }: AgreedModel): ModelFactsMessage =>
  create(ModelFactsSchema, { output: output.slice(0, MAX_NAME), sampleShape: [...sampleShape], classes });

/** From the wire; undefined for a device that does not say. @throws RenormError REQUEST_INVALID */
export function parseModelFacts(message: ModelFactsMessage | undefined): AgreedModel | undefined {
  if (message === undefined) return undefined;
  const { output, sampleShape, classes } = message;
  if (output.length <= MAX_NAME && sampleShape.length <= MAX_AXES)
    return { output, sampleShape: [...sampleShape], classes };
  throw new RenormError(
    'REQUEST_INVALID',
    `the model of the request has an output with a name of ${output.length} characters and samples of ${sampleShape.length} axes; send at most ${MAX_NAME} and ${MAX_AXES}.`,
  );
}

/**
 * Compares what a device takes a model for with what its cloud does.
 *
 * @throws RenormError MODEL_MISMATCH: they differ
 */
export function checkAgreed(device: string, theirs: AgreedModel | undefined, ours: AgreedModel): void {
  if (theirs === undefined || same(theirs, ours)) return;
  const shown = ({ output, sampleShape, classes }: AgreedModel): string =>
    `"${output}" for the scores of ${classes} classes, and samples of [${sampleShape}]`;
  throw new RenormError(
    'MODEL_MISMATCH',
    `device ${device} takes ${shown(theirs)}; this cloud takes ${shown(ours)}. Give both the same options output and sizes.`,
  );
}

const same = (a: AgreedModel, b: AgreedModel): boolean =>
  a.output === b.output.slice(0, MAX_NAME) &&
  a.classes === b.classes &&
  String(a.sampleShape) === String(b.sampleShape);
