import { ImageThreads } from '@renorm/image/node';
import {
  type Moments,
  normalizationLayers,
  type OnnxModel,
  type PrepareOptions,
  parseModel,
  pooledMoments,
  prepareClassifier,
  readParameters,
  serializeModel,
  withSourceMoments,
} from '@renorm/onnx';
import { prepareRuntime } from '@renorm/onnx/node';
import {
  checkOptions,
  elementsOf,
  faultOf,
  imageShape,
  normalizePixels,
  type OptionRules,
  option,
  type Preprocessing,
  RenormError,
} from '@renorm/protocol';
import { foldingRemark } from './folding-remark.js';
import { modelFile } from './model-file.js';
import { batchOf } from './models/batch.js';
import { StatisticsSession } from './models/statistics-session.js';

/** The values of one sample, or a JPEG, PNG or WebP file. */
export type CalibrationSample = Float32Array | { readonly image: Uint8Array };

/** What is to be made of a model. */
export interface PrepareModelOptions extends PrepareOptions {
  /** A path, or the bytes of the file. */
  readonly model: string | Uint8Array;
  /**
   * Samples, or image files, of the surroundings that the model was trained for: what layers that were folded see of
   * them is written into the file.
   */
  readonly calibrate?: AsyncIterable<CalibrationSample> | Iterable<CalibrationSample>;
  /** How image files become the model's input, as on devices. Default: `{ fit: 'stretch' }`. */
  readonly preprocessing?: Preprocessing;
}

/** A model that devices and clouds take as it is. */
export interface PreparedModel {
  readonly bytes: Uint8Array;
  /** What was done, in sentences. */
  readonly changes: readonly string[];
  /** What could not be done, and what to do about it. */
  readonly remarks: readonly string[];
}

const RULES = {
  model: option.required(option.pathOrBytes),
  output: option.text,
  sizes: option.sizes,
  calibrate: option.anything,
  preprocessing: option.anything,
} satisfies OptionRules<PrepareModelOptions>;

/** Samples that are measured at once. */
const BATCH = 32;

/**
 * Makes a file that needs no options and no changes any more: open batch, fixed sizes, logits as its only output; and,
 * with samples of the source, with what folded layers need to be adapted by statistics.
 *
 * @throws OnnxError, RenormError MODEL_UNREADABLE, REQUEST_INVALID: it cannot be made fit; the message says what to do
 */
export async function prepareModel(options: PrepareModelOptions): Promise<PreparedModel> {
  checkOptions('prepareModel', options, RULES);
  prepareRuntime(import.meta.url);
  const file = await modelFile(options.model, 'the model', options);
  const { model, changes, sampleShape } = prepareClassifier(parseModel(file.bytes, file.name), file.options);
  const folded = normalizationLayers(model).filter(({ kind }) => kind === 'ScaleShift');
  if (folded.length === 0) {
    const remarks =
      options.calibrate === undefined
        ? []
        : ['nothing is folded, so that there is nothing to calibrate: its layers know their statistics'];
    return { bytes: changes.length === 0 ? file.bytes : serializeModel(model), changes, remarks };
  }
  if (options.calibrate === undefined) {
    const remark = foldingRemark(model);
    const remarks = remark === undefined ? [] : [remark];
    return { bytes: changes.length === 0 ? file.bytes : serializeModel(model), changes, remarks };
  }
  const { source, count } = await measured(
    model,
    sampleShape,
    inputs(options.calibrate, sampleShape, options.preprocessing),
  );
  const calibrated = withSourceMoments(
    model,
    new Map([...source].filter(([name]) => folded.some((each) => each.name === name))),
  );
  const written = `wrote into its metadata what ${folded.length} folded layers see of ${count} samples: the strategy statistics can adapt them`;
  return { bytes: serializeModel(calibrated), changes: [...changes, written], remarks: [] };
}

/** Samples as the model takes them. @throws RenormError REQUEST_INVALID, IMAGE_UNREADABLE */
async function* inputs(
  samples: NonNullable<PrepareModelOptions['calibrate']>,
  shape: readonly number[],
  preprocessing: Preprocessing = { fit: 'stretch' },
): AsyncGenerator<Float32Array> {
  const image = imageShape(shape);
  const threads = new ImageThreads();
  try {
    for await (const sample of samples) {
      if (sample instanceof Float32Array) {
        if (sample.length !== elementsOf(shape))
          throw unfit(`a sample has ${sample.length} values, the model takes [${shape}]`);
        yield sample;
        continue;
      }
      if (image === undefined)
        throw unfit(`images are for 1 or 3 channels, height and width, the model takes [${shape}]`);
      const fault = faultOf(preprocessing, image);
      if (fault !== undefined) throw unfit(fault);
      yield normalizePixels(await threads.pixels({ file: sample.image, preprocessing, shape: image }), preprocessing);
    }
  } finally {
    await threads.close();
  }
}

const unfit = (why: string): RenormError =>
  new RenormError('REQUEST_INVALID', `the model cannot be calibrated: ${why}; give samples as devices will see them.`);

/** Moments of what each layer sees, all samples alike. */
async function measured(
  model: OnnxModel,
  shape: readonly number[],
  samples: AsyncIterable<Float32Array>,
): Promise<{ readonly source: Map<string, Moments>; readonly count: number }> {
  const session = await StatisticsSession.create(model, shape, { threads: 1 }, 'running');
  const parameters = readParameters(model);
  const sums = new Map<string, { mean: Float64Array; square: Float64Array }>();
  let count = 0;
  const add = async (batch: readonly Float32Array[]): Promise<void> => {
    if (batch.length === 0) return;
    const { layers } = await session.run(parameters, batchOf(batch.map((data) => ({ data }))));
    const alike = new Float64Array(batch.length).fill(1);
    for (const layer of layers) {
      const { mean, variance } = pooledMoments(layer, alike);
      const sum = sums.get(layer.name) ?? {
        mean: new Float64Array(layer.channels),
        square: new Float64Array(layer.channels),
      };
      sums.set(layer.name, sum);
      for (let c = 0; c < layer.channels; c++) {
        const m = mean[c] as number;
        sum.mean[c] = (sum.mean[c] as number) + batch.length * m;
        sum.square[c] = (sum.square[c] as number) + batch.length * ((variance[c] as number) + m * m);
      }
    }
    count += batch.length;
  };
  try {
    let batch: Float32Array[] = [];
    for await (const sample of samples) {
      batch.push(sample);
      if (batch.length < BATCH) continue;
      await add(batch);
      batch = [];
    }
    await add(batch);
  } finally {
    await session.release();
  }
  if (count < 2)
    throw new RenormError(
      'REQUEST_INVALID',
      `${count} samples are too few to calibrate with; give some hundred of clean ones.`,
    );
  const moments = ({ mean, square }: { mean: Float64Array; square: Float64Array }): Moments => ({
    mean: Float32Array.from(mean, (sum) => sum / count),
    variance: Float32Array.from(square, (sum, c) => Math.max(0, sum / count - ((mean[c] as number) / count) ** 2)),
  });
  return { source: new Map([...sums].map(([name, sum]) => [name, moments(sum)])), count };
}
