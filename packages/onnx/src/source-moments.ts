import { create } from '@bufbuild/protobuf';
import { OnnxError } from './errors.js';
import { StringStringEntryProtoSchema } from './gen/onnx/onnx_pb.js';
import { checkModel, copyProto, type OnnxModel } from './model/model.js';

/** Mean and biased variance of what a layer is given, float32 [channels]. */
export interface LayerSource {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/** The entry of a model's metadata. Its value is JSON: by the name of a layer, mean and variance. */
const KEY = 'renorm.source_moments';

/**
 * What the layers of a model saw on clean images, by their names, as `renorm prepare --calibrate` writes it into the
 * file: what a BatchNormalization knows by itself, and one that was folded does not. Empty where the file says nothing.
 *
 * @throws OnnxError ONNX_UNSUPPORTED: the entry cannot be read
 */
export function readSourceMoments(model: OnnxModel): Map<string, LayerSource> {
  const text = model.proto.metadataProps.find(({ key }) => key === KEY)?.value;
  if (text === undefined) return new Map();
  try {
    const entries = Object.entries(JSON.parse(text) as Record<string, { mean: unknown; variance: unknown }>);
    return new Map(
      entries.map(([name, { mean, variance }]) => [name, { mean: floats(mean), variance: floats(variance) }]),
    );
  } catch (cause) {
    const why = `the metadata ${KEY} of ${model.name} cannot be read; write it again with renorm prepare --calibrate.`;
    throw new OnnxError('ONNX_UNSUPPORTED', why, { cause });
  }
}

/** The model with what its layers saw on clean images in its metadata, in the place of what it said before. */
export function withSourceMoments(model: OnnxModel, source: ReadonlyMap<string, LayerSource>): OnnxModel {
  const { proto } = copyProto(model);
  const entries = [...source].map(([name, { mean, variance }]) => [name, { mean: [...mean], variance: [...variance] }]);
  const value = JSON.stringify(Object.fromEntries(entries));
  const others = proto.metadataProps.filter(({ key }) => key !== KEY);
  proto.metadataProps = [...others, create(StringStringEntryProtoSchema, { key: KEY, value })];
  return checkModel(proto, model.name);
}

function floats(values: unknown): Float32Array {
  if (Array.isArray(values) && values.every(Number.isFinite)) return Float32Array.from(values as number[]);
  throw new TypeError('no list of finite numbers');
}
