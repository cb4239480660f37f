import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { modelPair, type Training } from '@renorm/cloud/internal';
import {
  adaptedStream,
  type LabelledStream,
  labelledStream,
  openMethod,
  readLabelledImages,
  withoutAdaptation,
} from '@renorm/eval';
import { ImageThreads } from '@renorm/image/node';
import {
  type EncodedSample,
  encodeSample,
  type ImageShape,
  type ParameterSet,
  pixelsOf,
  preprocessingMessage,
  SampleEncoding,
  type SampleForm,
} from '@renorm/protocol';
import { repositoryPath } from '../repository.js';
import { corruptionNames } from './corruption-names.js';

const folder = repositoryPath('models/');
const DEFAULT_CORRUPTIONS = ['gaussian_noise', 'snow', 'motion_blur'] as const;
const QUALITIES = [95, 80, 60, 40, 20] as const;
const PLAIN = { fit: 'none' } as const;
/** Versions at the end of a run whose accuracies are averaged. */
const LAST = 5;

/** A way for samples to travel. */
interface Way {
  readonly name: string;
  /** Whether the inputs lie on no grid of levels: what no image is. */
  readonly offGrid: boolean;
  encode(input: Float32Array, shape: ImageShape): Promise<EncodedSample>;
}

interface Measured {
  readonly bytes: number;
  readonly accuracy: number;
}

/** Prints what a sample costs in each form, and what the form does to the accuracy of what is learnt from it. */
export async function runSamplesBench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { images: { type: 'string', default: '1500' }, corruption: { type: 'string', multiple: true } },
  });
  const names = corruptionNames(values.corruption, DEFAULT_CORRUPTIONS);
  const count = Number(values.images);
  const file = async (name: string) => ({ name, bytes: await readFile(`${folder}${name}`) });
  const models = modelPair(await file('fashion-edge.onnx'), await file('fashion-foundation.onnx'));
  const training = await openMethod({ models, strategy: 'cema', threads: 2 });
  const images = await readLabelledImages(`${folder}fashion-mnist`);
  const threads = new ImageThreads();
  console.log(
    `Samples of streams of ${count} images at severity 5 (${names.join(', ')}): bytes of a sample, and accuracy on 1,000 further images, mean of the last ${LAST} versions.\n`,
  );
  console.log(`| samples | bytes | accuracy | ${names.join(' | ')} |\n|${'---|'.repeat(3 + names.length)}`);
  for (const way of waysOf(threads)) {
    const measured: Measured[] = [];
    for (const corruption of names) {
      const stream = await labelledStream(images, { corruption, severity: 5, count: count + 1000, seed: 1 });
      const inputs = way.offGrid ? stream.inputs.map(offGrid) : stream.inputs;
      measured.push(await measureRun(training, `${way.name}, ${corruption}`, { ...stream, inputs }, count, way));
    }
    console.log(line(way.name, measured));
  }
  await threads.close();
  await training.close();
}

function waysOf(threads: ImageThreads): Way[] {
  const asTensor = (name: string, form: SampleForm, offGridToo: boolean): Way => ({
    ...{ name, offGrid: offGridToo },
    encode: async (data, shape) => encodeSample({ data, shape }, form),
  });
  const asWebp = (quality: number): Way => ({
    ...{ name: `\`quality: ${quality}\``, offGrid: false },
    async encode(data, shape) {
      const pixels = pixelsOf(data, PLAIN);
      if (pixels === undefined) throw new Error('The image has values that are no pixels.');
      const file = await threads.file({ pixels, shape, quality });
      const lossless = encodeSample({ data, shape });
      if (lossless.data.length <= file.length) return lossless;
      const preprocessing = preprocessingMessage(PLAIN);
      return { encoding: SampleEncoding.IMAGE, shape: [...shape], data: file, preprocessing };
    },
  });
  return [
    asTensor('pixels, lossless', 'auto', false),
    ...QUALITIES.map(asWebp),
    asTensor('no pixels, `exact` (float32)', 'exact', true),
    asTensor('no pixels, `float16`', 'float16', true),
    asTensor('no pixels, `uint8`', 'uint8', true),
  ];
}

/** The image shifted by three tenths of a pixel: its values lie on no grid of levels. */
function offGrid(input: Float32Array): Float32Array {
  return input.map((value, i) => 0.7 * value + 0.3 * (input[i + 1] ?? value));
}

/** Adapts on the first `count` images, and tests the last versions on the others. */
async function measureRun(
  training: Training,
  run: string,
  { inputs, labels }: LabelledStream,
  count: number,
  way: Way,
): Promise<Measured> {
  const test = { inputs: inputs.slice(count), labels: labels.slice(count) };
  const shape = training.models.sampleShape as ImageShape;
  let [bytes, uploads] = [0, 0];
  const encode = async (input: Float32Array): Promise<EncodedSample> => {
    const encoded = await way.encode(input, shape);
    bytes += encoded.data.length;
    uploads++;
    return encoded;
  };
  const cohort = run.replaceAll(/[^a-z0-9]+/g, '-');
  const versions: ParameterSet[] = [];
  for await (const { reports, running } of adaptedStream(
    { training, cohort, encode, selection: 'cema' },
    inputs.slice(0, count),
  ))
    if (reports.length > 0) versions.push(running.parameters);
  const accuracies = [];
  for (const parameters of versions.slice(-LAST))
    accuracies.push((await withoutAdaptation(training.edgeLogits, parameters, test)).accuracy);
  return { bytes: bytes / uploads, accuracy: mean(accuracies) };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

function line(name: string, measured: readonly Measured[]): string {
  const cells = measured.map(({ bytes, accuracy }) => `${bytes.toFixed(0)} B, ${percent(accuracy)}`);
  const [bytes, accuracy] = [mean(measured.map((each) => each.bytes)), mean(measured.map((each) => each.accuracy))];
  return `| ${[name, bytes.toFixed(0), percent(accuracy), ...cells].join(' | ')} |`;
}
