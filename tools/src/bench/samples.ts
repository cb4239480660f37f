import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { modelPair } from '@renorm/cloud';
import { labelledStream, readLabelledImages } from '@renorm/eval';
import { imagePixels } from '@renorm/image';
import { decodeImage, ImageThreads } from '@renorm/image/node';
import {
  decodeSample,
  encodeSample,
  type ImageShape,
  normalizePixels,
  pixelsOf,
  type SampleForm,
} from '@renorm/protocol';
import { repositoryPath } from '../repository.js';
import { accuracyOf, adaptedStream, type BenchedMethod, openMethod } from './adapted-stream.js';
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
  travel(input: Float32Array, shape: ImageShape): Promise<{ arrived: Float32Array; bytes: number }>;
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
  const method = await openMethod(models, 2);
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
      measured.push(await measureRun(method, { inputs, labels: stream.labels }, count, way));
    }
    console.log(line(way.name, measured));
  }
  await threads.close();
  await method.adaptation.release();
}

function waysOf(threads: ImageThreads): Way[] {
  const asTensor = (name: string, form: SampleForm, offGridToo: boolean): Way => ({
    ...{ name, offGrid: offGridToo },
    async travel(data, shape) {
      const encoded = encodeSample({ data, shape }, form);
      return { arrived: decodeSample(encoded, shape).data, bytes: encoded.data.length };
    },
  });
  const asWebp = (quality: number): Way => ({
    ...{ name: `\`quality: ${quality}\``, offGrid: false },
    async travel(data, shape) {
      const pixels = pixelsOf(data, PLAIN);
      if (pixels === undefined) throw new Error('The image has values that are no pixels.');
      const file = await threads.file({ pixels, shape, quality });
      const lossless = encodeSample({ data, shape });
      if (lossless.data.length <= file.length) return { arrived: data, bytes: lossless.data.length };
      return {
        arrived: normalizePixels(imagePixels(await decodeImage(file), PLAIN, shape), PLAIN),
        bytes: file.length,
      };
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

async function measureRun(
  method: BenchedMethod,
  { inputs, labels }: { readonly inputs: readonly Float32Array[]; readonly labels: ArrayLike<number> },
  count: number,
  way: Way,
): Promise<Measured> {
  const shape = method.adaptation.pair.sampleShape as ImageShape;
  const test = { images: inputs.slice(count), labels: Array.from(labels).slice(count) };
  let running = method.adaptation.initialState(1).edge.parameters;
  let bytes = 0;
  let uploads = 0;
  const device = {
    running: () => running,
    async upload(input: Float32Array): Promise<Float32Array> {
      const sent = await way.travel(input, shape);
      bytes += sent.bytes;
      uploads++;
      return sent.arrived;
    },
  };
  const versions = [];
  for await (const { parameters } of adaptedStream(method, inputs.slice(0, count), device)) {
    running = parameters;
    versions.push(parameters);
  }
  const accuracies = [];
  for (const parameters of versions.slice(-LAST)) accuracies.push(await accuracyOf(method, parameters, test));
  return { bytes: bytes / uploads, accuracy: mean(accuracies) };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

function line(name: string, measured: readonly Measured[]): string {
  const cells = measured.map(({ bytes, accuracy }) => `${bytes.toFixed(0)} B, ${percent(accuracy)}`);
  const [bytes, accuracy] = [mean(measured.map((each) => each.bytes)), mean(measured.map((each) => each.accuracy))];
  return `| ${[name, bytes.toFixed(0), percent(accuracy), ...cells].join(' | ')} |`;
}
