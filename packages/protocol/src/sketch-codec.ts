import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { bytesToFloat32, float32ToBytes, indexOfNonFinite } from './bytes.js';
import { compress, inflateExactly } from './deflate.js';
import { RenormError } from './errors.js';
import {
  type Outlook as OutlookMessage,
  OutlookSchema,
  SampleEncoding,
  type Sketch as SketchMessage,
  SketchSchema,
} from './gen/renorm/v1/adaptation_pb.js';
import { fromHalves, toHalves } from './halves.js';
import type { EncodedSample } from './sample-codec.js';

/** Mean and biased variance of a layer's input, float32 [channels]. */
export interface LayerMoments {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/** Predictions of some images, summed up. */
export interface Outlook {
  /** Mean entropy in nats. */
  readonly entropy: number;
  /** Images that were put into each class. */
  readonly predicted: readonly number[];
}

/** What the layers of a model saw of some images, none of which can be made of it. */
export interface Sketch {
  /** 2 to 65,536. */
  readonly images: number;
  /** Of each BatchNormalization in graph order. */
  readonly layers: readonly LayerMoments[];
  /** By the version that the device ran. */
  readonly served: Outlook;
  /** Of the same images, where every layer normalises by them. */
  readonly batch: Outlook;
}

/** What a model says of its sketches. */
export interface SketchFormat {
  /** Channels of each BatchNormalization in graph order. */
  readonly channels: readonly number[];
  readonly classes: number;
}

const MOST_IMAGES = 65_536;

/** Deviations travel, not variances: their squares do not fit into binary16. */
export function encodeSketch({ images, layers, served, batch }: Sketch): EncodedSample {
  const values = Float32Array.from(layers.flatMap(({ mean, variance }) => [...mean, ...variance.map(Math.sqrt)]));
  const halves = toHalves(values);
  const encoding = halves === undefined ? SampleEncoding.FLOAT32 : SampleEncoding.FLOAT16;
  const message = create(SketchSchema, {
    ...{ images, encoding, moments: compress(halves ?? float32ToBytes(values)) },
    ...{ served: create(OutlookSchema, outlook(served)), batch: create(OutlookSchema, outlook(batch)) },
  });
  return { encoding: SampleEncoding.SKETCH, shape: [], data: toBinary(SketchSchema, message) };
}

const outlook = ({ entropy, predicted }: Outlook) => ({ entropy, predicted: [...predicted] });

/**
 * Decodes what a peer sent. Memory is bounded by the model, whatever the bytes are.
 *
 * @throws RenormError SAMPLE_INVALID: no sketch, damaged, of another model, a moment that is not finite, a deviation
 *   below 0, predictions of another number of images
 */
export function decodeSketch(sample: Pick<EncodedSample, 'data' | 'shape'>, format: SketchFormat): Sketch {
  if (sample.shape.length > 0) throw invalid(`has the shape [${sample.shape}], and a sketch has none`);
  const message = messageOf(sample.data);
  const { images } = message;
  if (images < 2 || images > MOST_IMAGES) throw invalid(`is of ${images} images; it takes 2 to ${MOST_IMAGES}`);
  return {
    images,
    layers: layersOf(message, format),
    served: checkOutlook(message.served, images, format, 'version'),
    batch: checkOutlook(message.batch, images, format, 'batch'),
  };
}

function messageOf(data: Uint8Array): SketchMessage {
  try {
    return fromBinary(SketchSchema, data);
  } catch {
    throw invalid('has data that are no sketch');
  }
}

function layersOf({ encoding, moments }: SketchMessage, { channels }: SketchFormat): LayerMoments[] {
  const isHalf = encoding === SampleEncoding.FLOAT16;
  if (!isHalf && encoding !== SampleEncoding.FLOAT32) throw invalid(`has moments of encoding ${encoding}`);
  const count = 2 * channels.reduce((sum, each) => sum + each, 0);
  const bytes = inflateExactly(moments, count * (isHalf ? 2 : 4));
  if (typeof bytes === 'string')
    throw invalid(`has moments that do not decode (${bytes}); the model's layers have ${count}`);
  const values = isHalf ? fromHalves(bytes) : bytesToFloat32(bytes);
  const wrong = indexOfNonFinite(values);
  if (wrong >= 0) throw invalid(`has the moment ${values[wrong]} at index ${wrong}`);
  let at = 0;
  return channels.map((width, layer) => {
    const mean = values.slice(at, at + width);
    const deviation = values.slice(at + width, at + 2 * width);
    at += 2 * width;
    const negative = deviation.findIndex((value) => !(value >= 0 && Number.isFinite(Math.fround(value * value))));
    if (negative >= 0)
      throw invalid(`has the deviation ${deviation[negative]} in channel ${negative} of layer ${layer}`);
    return { mean, variance: deviation.map((value) => value * value) };
  });
}

function checkOutlook(
  message: OutlookMessage | undefined,
  images: number,
  { classes }: SketchFormat,
  whose: string,
): Outlook {
  const { entropy = Number.NaN, predicted = [] } = message ?? {};
  // A little above the largest that there is, for rounding.
  if (!(entropy >= 0 && entropy <= 1.001 * Math.log(classes)))
    throw invalid(`has the mean entropy ${entropy} of its ${whose}, of ${classes} classes`);
  const total = predicted.reduce((sum, count) => sum + count, 0);
  if (predicted.length !== classes || total !== images)
    throw invalid(`says of ${total} images in ${predicted.length} classes what its ${whose} predicted, of ${images}`);
  return { entropy, predicted: [...predicted] };
}

function invalid(text: string): RenormError {
  return new RenormError('SAMPLE_INVALID', `the sketch ${text}; send what the layers of the cohort's model measured.`);
}
