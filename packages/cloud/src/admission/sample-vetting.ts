import { type OnnxModel, parameterKey, readParameters, type StatisticsModel, statisticsModel } from '@renorm/onnx';
import {
  decodeSample,
  decodeSketch,
  type EncodedSample,
  inUpload,
  RenormError,
  SampleEncoding,
  type SketchFormat,
} from '@renorm/protocol';
import { LRUCache } from 'lru-cache';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterRefusal, type Conduct } from './set-aside.js';

/**
 * A sample is out of range where the first normalization layer sees more than so many exported deviations, root mean
 * square over its channels. On what the model was trained on that is 1 on average, by what a variance is, whatever the
 * model is fed: 0 to 1, 0 to 255, or mean and deviation taken off. The strongest corruptions of Fashion-MNIST come to
 * 1.6, pixels that were not divided by 255 to 300.
 */
export const FARTHEST_RESPONSE = 8;

/** Samples that are looked at in one run. */
const BATCH = 16;

/** Devices whose conduct is remembered. */
const REMEMBERED = 10_000;

interface Vetted extends EncodedSample {
  readonly sequence: number;
}

/** Who sends. */
export interface Sender {
  readonly cohort: string;
  readonly id: string;
}

/** A device that is set aside. */
export interface DeviceSetAside {
  readonly cohort: string;
  readonly device: string;
  /** Milliseconds until its uploads are taken again. */
  readonly forMs: number;
}

export interface VettingOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
  readonly onSetAside?: (device: DeviceSetAside) => void;
  /** What a sketch has to be. */
  readonly sketches?: SketchFormat;
}

/**
 * Looks at each sample before it is stored, through the first layers of the edge model: a convolution or two. A model
 * whose first normalization was folded away, or normalises each sample by itself, is not looked through: all samples
 * pass.
 */
export class SampleVetting {
  readonly #model: StatisticsModel | undefined;
  readonly #session: InferenceSession | undefined;
  readonly #deviations: Float32Array;
  readonly #conduct = new LRUCache<string, Conduct>({ max: REMEMBERED });
  readonly #options: Required<Omit<VettingOptions, 'sketches'>>;
  readonly #sketches: SketchFormat | undefined;
  readonly #shape: readonly number[];

  private constructor(
    look:
      | { readonly model: StatisticsModel; readonly session: InferenceSession; readonly deviations: Float32Array }
      | undefined,
    shape: readonly number[],
    { now = () => performance.now(), onSetAside = () => undefined, sketches }: VettingOptions,
  ) {
    this.#model = look?.model;
    this.#session = look?.session;
    this.#deviations = look?.deviations ?? new Float32Array();
    this.#shape = shape;
    this.#options = { now, onSetAside };
    this.#sketches = sketches;
  }

  /** @param shape of one sample */
  static async open(edge: OnnxModel, shape: readonly number[], options: VettingOptions = {}): Promise<SampleVetting> {
    const model = firstLayer(edge);
    const name = model?.layers[0]?.layer.name;
    const variance = name === undefined ? undefined : readParameters(edge).get(parameterKey({ name }, 'variance'));
    if (model === undefined || variance === undefined) return new SampleVetting(undefined, shape, options);
    const session = await InferenceSession.create(model.bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 });
    return new SampleVetting({ model, session, deviations: variance.map((v) => Math.sqrt(v + 1e-5)) }, shape, options);
  }

  /**
   * @throws RenormError SAMPLE_OUT_OF_RANGE naming the first such sample; DEVICE_SET_ASIDE: the device has sent
   *   several, and waits; SAMPLE_INVALID
   */
  async check(sender: Sender, samples: readonly Vetted[]): Promise<void> {
    const key = `${sender.cohort} ${sender.id}`;
    const now = this.#options.now();
    const conduct = this.#conduct.get(key);
    if (conduct !== undefined && now < conduct.until) throw setAside(sender, conduct.until - now);
    const responses = await this.#responses(samples);
    const worst = responses.findIndex((response) => response > FARTHEST_RESPONSE);
    if (worst < 0) return;
    for (const [i, response] of responses.entries())
      if (response > FARTHEST_RESPONSE) this.#note(sender, key, (samples[i] as Vetted).sequence, now);
    throw outOfRange(sender, samples[worst] as Vetted, worst, responses[worst] as number);
  }

  /** Devices whose uploads are not taken for now. */
  devicesSetAside(): DeviceSetAside[] {
    const now = this.#options.now();
    return [...this.#conduct].flatMap(([key, { until }]) => {
      const [cohort = '', device = ''] = key.split(' ');
      return now < until ? [{ cohort, device, forMs: until - now }] : [];
    });
  }

  release(): Promise<void> {
    return this.#session?.release() ?? Promise.resolve();
  }

  #note(sender: Sender, key: string, sequence: number, now: number): void {
    const before = this.#conduct.get(key);
    const after = afterRefusal(before, sequence, now);
    this.#conduct.set(key, after);
    if (after.until === (before?.until ?? 0)) return;
    this.#options.onSetAside({ cohort: sender.cohort, device: sender.id, forMs: after.until - now });
  }

  /**
   * Root mean square over the channels of the first layer of each sample, in exported deviations from the exported
   * mean.
   */
  async #responses(samples: readonly Vetted[]): Promise<number[]> {
    const [model, session] = [this.#model, this.#session];
    if (model === undefined || session === undefined) return [];
    const tensors = samples.filter(({ encoding }) => encoding !== SampleEncoding.SKETCH);
    const ofTensors = await this.#ofTensors(model, session, tensors);
    return samples.map((sample) =>
      sample.encoding === SampleEncoding.SKETCH ? this.#ofSketch(sample) : (ofTensors.shift() as number),
    );
  }

  async #ofTensors(model: StatisticsModel, session: InferenceSession, samples: readonly Vetted[]): Promise<number[]> {
    const found: number[] = [];
    for (let start = 0; start < samples.length; start += BATCH) {
      const part = samples.slice(start, start + BATCH).map((sample) => decodeSample(sample, this.#shape).data);
      const size = part[0]?.length ?? 0;
      const data = new Float32Array(part.length * size);
      for (const [i, values] of part.entries()) data.set(values, i * size);
      const outputs = await session.run({ [model.input]: new Tensor('float32', data, [part.length, ...this.#shape]) });
      const squares = outputs[model.layers[0]?.squares ?? '']?.data as Float32Array;
      for (let i = 0; i < part.length; i++) found.push(this.#response(squares, i));
    }
    return found;
  }

  /** The same of a sketch, over all its images. */
  #ofSketch(sample: Vetted): number {
    const layer = this.#sketches && decodeSketch(sample, this.#sketches).layers[0];
    const origin = this.#model?.layers[0]?.origin;
    if (layer === undefined || origin === undefined) return 0;
    return this.#response(
      layer.mean.map((mean, c) => (mean - (origin[c] as number)) ** 2 + (layer.variance[c] as number)),
      0,
    );
  }

  #response(squares: Float32Array, sample: number): number {
    const channels = this.#deviations.length;
    let sum = 0;
    for (let c = 0; c < channels; c++)
      sum += (squares[sample * channels + c] as number) / (this.#deviations[c] as number) ** 2;
    return Math.sqrt(sum / channels);
  }
}

/** The graph up to the first BatchNormalization, if it stands before every layer with parameters to be given. */
function firstLayer(edge: OnnxModel): StatisticsModel | undefined {
  try {
    const model = statisticsModel(edge, { statistics: 'running', depth: 1 });
    return model.parameterInputs.length === 0 && model.layers[0]?.layer.kind === 'BatchNormalization'
      ? model
      : undefined;
  } catch {
    // It has no such layer.
    return undefined;
  }
}

function outOfRange({ id }: Sender, { sequence }: Vetted, index: number, response: number): RenormError {
  const text = `its values are out of the range of what the model was trained on: the first layer of the edge model answers with ${response.toPrecision(3)} deviations where it is 1 on average and ${FARTHEST_RESPONSE} at most. Device ${id} may leave out a step of its preprocessing, such as to divide pixels by 255 or to take off a mean; give device.infer what the model was trained on.`;
  return inUpload(new RenormError('SAMPLE_OUT_OF_RANGE', text), index, sequence) as RenormError;
}

function setAside({ id, cohort }: Sender, forMs: number): RenormError {
  const text = `device ${id} of cohort ${cohort} has sent several samples out of range and is set aside for ${Math.ceil(forMs / 1000)} s; correct its preprocessing. Its samples wait on the device.`;
  return new RenormError('DEVICE_SET_ASIDE', text, { comeBackMs: forMs });
}
