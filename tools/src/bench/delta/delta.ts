import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { deltaWriter, modelPair } from '@renorm/cloud';
import { type LabelledStream, labelledStream, readLabelledImages } from '@renorm/eval';
import { concatenate, exportedVersion, type VersionState } from '@renorm/protocol';
import { repositoryPath } from '../../repository.js';
import { accuracyOf, adaptedStream, type BenchedMethod, openMethod } from '../adapted-stream.js';
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
  const method = await openMethod(models, 2);
  const images = await readLabelledImages(`${folder}fashion-mnist`);
  const parameters = concatenate(method.adaptation.initialState().edge.parameters).length;
  console.log(
    `Versions of ${parameters} parameters from streams of ${count} images at severity 5, bound ${divergence} nats. Bytes and shares are means over the versions.\n`,
  );
  console.log(
    '| corruption | versions | delta | message | float16 | its gzip -9 | AMS | delta / float16 | divergence | accuracy | with float32 | encoding / training | decoding / gunzip |',
  );
  console.log(`|${'---|'.repeat(13)}`);
  const all: MeasuredVersion[] = [];
  for (const corruption of names) {
    const stream = await labelledStream(images, { corruption, severity: 5, count: count + 1000, seed: 1 });
    const measured = await measureRun(method, stream, count, divergence);
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
  await method.adaptation.release();
}

/** Adapts on the first `count` images, and tests every version on the others. */
async function measureRun(
  method: BenchedMethod,
  { inputs, labels }: LabelledStream,
  count: number,
  divergence: number,
): Promise<MeasuredVersion[]> {
  const exported = method.adaptation.initialState(1).edge.parameters;
  const { edgeLogits, adaptation } = method;
  let held: VersionState = exportedVersion(exported);
  const { classes } = adaptation.pair;
  const writer = deltaWriter({ exported: held, edgeLogits, classes }, { divergence });
  let float16 = halfBytes(exported);
  const measured: MeasuredVersion[] = [];
  const test = { images: inputs.slice(count), labels: labels.slice(count) };
  const device = { running: () => held.parameters, upload: async (input: Float32Array) => input };
  for await (const { parameters, samples, trainMs } of adaptedStream(method, inputs.slice(0, count), device)) {
    const started = performance.now();
    const written = await writer.write(held, parameters, samples, samples.count);
    const encodeMs = performance.now() - started;
    const half = halfBytes(parameters);
    measured.push({
      ...sizesOf(written, half, float16),
      divergence: written.divergence ?? 0,
      accuracy: await accuracyOf(method, written.decoded.parameters, test),
      accuracyFloat: await accuracyOf(method, parameters, test),
      ...{ trainMs, encodeMs },
      decodeRatio: decodeRatio(held, written, half),
    });
    float16 = half;
    held = written.decoded;
  }
  return measured;
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
    (mean((m) => m.encodeMs) / mean((m) => m.trainMs)).toFixed(2),
    median(measured.map((m) => m.decodeRatio)).toFixed(1),
  ];
  return `| ${cells.join(' | ')} |`;
}
