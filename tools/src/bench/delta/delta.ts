import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Candidate, type Gate, modelPair, type Training, type Verdict } from '@renorm/cloud/internal';
import {
  adaptedStream,
  type LabelledStream,
  labelledStream,
  openMethod,
  readLabelledImages,
  withoutAdaptation,
} from '@renorm/eval';
import {
  concatenate,
  type EncodedSample,
  encodeSample,
  fromBinary,
  type ParameterSet,
  type Version,
  VersionSchema,
  type VersionState,
} from '@renorm/protocol';
import { repositoryPath } from '../../repository.js';
import { corruptionNames } from '../corruption-names.js';
import { decodeRatio, halfBytes, type MeasuredVersion, median, sizesOf } from './measured-version.js';

const folder = repositoryPath('models/');
const DEFAULT_CORRUPTIONS = ['gaussian_noise', 'snow', 'fog', 'motion_blur'] as const;

/** Prints what versions of a real run cost, against other ways to send them, and what the loss does to accuracy. */
export async function runDeltaBench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      images: { type: 'string', default: '1500' },
      divergence: { type: 'string', default: '0.002' },
      corruption: { type: 'string', multiple: true },
      each: { type: 'boolean', default: false },
    },
  });
  const names = corruptionNames(values.corruption, DEFAULT_CORRUPTIONS);
  const [count, divergence] = [Number(values.images), Number(values.divergence)];
  const file = async (name: string) => ({ name, bytes: await readFile(`${folder}${name}`) });
  const models = modelPair(await file('fashion-edge.onnx'), await file('fashion-foundation.onnx'));
  const judged = new JudgedVersions();
  const training = await openMethod({ models, strategy: 'cema', threads: 2, publishing: { divergence }, gate: judged });
  const images = await readLabelledImages(`${folder}fashion-mnist`);
  const parameters = concatenate(training.exported.parameters).length;
  console.log(
    `Versions of ${parameters} parameters from streams of ${count} images at severity 5, bound ${divergence} nats. Bytes and shares are means over the versions.\n`,
  );
  console.log(
    '| corruption | versions | delta | message | float16 | its gzip -9 | AMS | delta / float16 | divergence | accuracy | with float32 | publishing / training | decoding / gunzip |',
  );
  console.log(`|${'---|'.repeat(13)}`);
  const all: MeasuredVersion[] = [];
  for (const corruption of names) {
    const stream = await labelledStream(images, { corruption, severity: 5, count: count + 1000, seed: 1 });
    const measured = await measureRun(training, judged, corruption, stream, count);
    if (measured.length === 0) {
      console.log(`| ${corruption} | 0 | nothing was uploaded in so few images |`);
      continue;
    }
    all.push(...measured);
    if (values.each)
      for (const [i, version] of measured.entries()) console.log(line(`${corruption}, version ${i + 1}`, [version]));
    console.log(line(corruption, measured));
  }
  if (all.length > 0) console.log(line('**all**', all));
  await training.close();
}

/** Lets everything be published, and remembers what came to it last. */
class JudgedVersions implements Gate {
  readonly heldOut = 0;
  last: { readonly parameters: ParameterSet; readonly at: number } | undefined;

  async judge({ parameters }: Candidate): Promise<Verdict> {
    this.last = { parameters, at: performance.now() };
    return { decision: 'publish', reason: 'measured' };
  }
}

/** Adapts on the first `count` images, and tests every version on the others. */
async function measureRun(
  training: Training,
  judged: JudgedVersions,
  cohort: string,
  { inputs, labels }: LabelledStream,
  count: number,
): Promise<MeasuredVersion[]> {
  const { edgeLogits, exported } = training;
  const test = { inputs: inputs.slice(count), labels: labels.slice(count) };
  const accuracyOf = async (parameters: ParameterSet): Promise<number> =>
    (await withoutAdaptation(edgeLogits, parameters, test)).accuracy;
  let held: VersionState = exported;
  let float16 = halfBytes(exported.parameters);
  const measured: MeasuredVersion[] = [];
  let uploaded = 0;
  const encode = async (data: Float32Array): Promise<EncodedSample> => {
    uploaded = performance.now();
    return encodeSample({ data, shape: training.models.sampleShape });
  };
  for await (const { reports, running } of adaptedStream(
    { training, cohort, encode, selection: 'cema' },
    inputs.slice(0, count),
  )) {
    const arrived = performance.now();
    const [report] = reports;
    if (report?.version === undefined || judged.last === undefined) continue;
    const { parameters, at } = judged.last;
    const version = await deltaTo(training, cohort, running.number);
    const half = halfBytes(parameters);
    measured.push({
      ...sizesOf(version, half, float16),
      divergence: report.version.divergence ?? 0,
      accuracy: await accuracyOf(running.parameters),
      accuracyFloat: await accuracyOf(parameters),
      ...{ trainMs: at - uploaded, publishMs: arrived - at },
      decodeRatio: decodeRatio(held, version, half),
    });
    float16 = half;
    held = running;
  }
  return measured;
}

/** The delta that a version was published with. */
async function deltaTo({ cohorts }: Training, cohort: string, number: number): Promise<Version> {
  const [stored] = await cohorts.versionsAfter(cohort, number - 1);
  if (stored === undefined) throw new Error(`version ${number} of ${cohort} is not kept`);
  return fromBinary(VersionSchema, stored.message);
}

function line(name: string, measured: readonly MeasuredVersion[]): string {
  const mean = (of: (each: MeasuredVersion) => number): number =>
    measured.reduce((sum, each) => sum + of(each), 0) / measured.length;
  const bytes = (of: (each: MeasuredVersion) => number): string => mean(of).toFixed(0);
  const cells = [
    ...[name, String(measured.length)],
    ...[
      bytes((m) => m.coded),
      bytes((m) => m.message),
      bytes((m) => m.half),
      bytes((m) => m.halfGzip),
      bytes((m) => m.ams),
    ],
    (mean((m) => m.coded) / mean((m) => m.half)).toFixed(3),
    mean((m) => m.divergence).toFixed(4),
    `${(100 * mean((m) => m.accuracy)).toFixed(2)} %`,
    `${(100 * mean((m) => m.accuracyFloat)).toFixed(2)} %`,
    (mean((m) => m.publishMs) / mean((m) => m.trainMs)).toFixed(2),
    median(measured.map((m) => m.decodeRatio)).toFixed(1),
  ];
  return `| ${cells.join(' | ')} |`;
}
