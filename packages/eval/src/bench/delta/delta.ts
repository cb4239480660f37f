import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  Adaptation,
  batchOf,
  deltaWriter,
  drawReplay,
  joinBatches,
  replayWindow,
  type WrittenDelta,
} from '@renorm/cloud';
import { initialSelection, select, softmax } from '@renorm/edge';
import {
  concatenate,
  decodeDifference,
  exportedVersion,
  type ParameterSet,
  toBinary,
  toFloat16,
  VersionSchema,
  type VersionState,
} from '@renorm/protocol';
import { type LabelledStream, labelledStream } from '../baselines/labelled-stream.js';
import { bestClass } from '../baselines/outcome.js';
import { CORRUPTIONS, type CorruptionName } from '../corruptions/index.js';
import { readLabelledImages } from '../data/labelled-images.js';

const models = fileURLToPath(new URL('../../../../models/', import.meta.url));
const DEFAULT_CORRUPTIONS = ['gaussian_noise', 'snow', 'fog', 'motion_blur'] as const;

/** What one version costs in each form, in bytes, and what it does. */
interface Measured {
  readonly coded: number;
  /** The whole renorm.v1.Version message, without a signature. */
  readonly message: number;
  readonly half: number;
  readonly halfGzip: number;
  readonly ams: number;
  readonly divergence: number;
  /** Shares of test images of the environment. */
  readonly accuracy: number;
  readonly accuracyFloat: number;
  readonly trainMs: number;
  readonly encodeMs: number;
  /** Decoding over gunzip of the same parameters in float16, medians. */
  readonly decodeRatio: number;
}

/** Prints what versions of a real run cost, against other ways to send them, and what the loss does to accuracy. */
export async function runDeltaBench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      images: { type: 'string', default: '1500' },
      divergence: { type: 'string', default: '0.002' },
      corruption: { type: 'string', multiple: true },
    },
  });
  const names = (values.corruption ?? DEFAULT_CORRUPTIONS) as readonly CorruptionName[];
  const unknown = names.find((name) => !CORRUPTIONS.includes(name));
  if (unknown !== undefined)
    throw new Error(`There is no corruption "${unknown}"; there are ${CORRUPTIONS.join(', ')}.`);
  const [count, divergence] = [Number(values.images), Number(values.divergence)];
  const file = async (name: string) => ({ name, bytes: await readFile(`${models}${name}`) });
  const adaptation = await Adaptation.create({
    edgeModel: await file('fashion-edge.onnx'),
    foundationModel: await file('fashion-foundation.onnx'),
    threads: 2,
  });
  const images = await readLabelledImages(`${models}fashion-mnist`);
  const parameters = concatenate(adaptation.initialState().edge.parameters).length;
  console.log(
    `Versions of ${parameters} parameters from streams of ${count} images at severity 5, bound ${divergence} nats. Bytes and shares are means over the versions.\n`,
  );
  console.log(
    '| corruption | versions | delta | message | float16 | its gzip -9 | AMS | delta / float16 | divergence | accuracy | with float32 | encoding / training | decoding / gunzip |',
  );
  console.log(`|${'---|'.repeat(13)}`);
  const all: Measured[] = [];
  for (const corruption of names) {
    const stream = await labelledStream(images, { corruption, severity: 5, count: count + 1000, seed: 1 });
    const measured = await measureRun(adaptation, stream, count, divergence);
    if (measured.length === 0) {
      console.log(`| ${corruption} | 0 | nothing was uploaded in so few images |`);
      continue;
    }
    all.push(...measured);
    console.log(line(corruption, measured));
  }
  if (all.length > 0) console.log(line('**all**', all));
  await adaptation.release();
}

/** Adapts on the first `count` images, and tests every version on the others. */
async function measureRun(
  adaptation: Adaptation,
  { inputs, labels }: LabelledStream,
  count: number,
  divergence: number,
): Promise<Measured[]> {
  const { options, pair } = adaptation;
  let state = adaptation.initialState(1);
  const writer = deltaWriter(adaptation, { divergence });
  let held: VersionState = exportedVersion(state.edge.parameters);
  let selection = initialSelection(pair.classes);
  let float16 = halfBytes(state.edge.parameters);
  const log: Float32Array[] = [];
  const measured: Measured[] = [];
  const test = { images: inputs.slice(count), labels: labels.slice(count) };
  let trained = 0;
  for (const data of inputs.slice(0, count)) {
    const { probabilities, entropy } = softmax(await adaptation.edgeLogits(held.parameters, { data, count: 1 }));
    const decision = select(selection, probabilities, entropy);
    selection = decision.state;
    if (!decision.keep) continue;
    log.push(data);
    if (log.length - trained < options.samplesPerStep) continue;
    const drawn = drawReplay(replayWindow(trained, options), state.random, options);
    const fresh = batchOf(log.slice(trained).map((sample) => ({ data: sample })));
    const replay = batchOf(drawn.positions.map((position) => ({ data: log[position] as Float32Array })));
    const started = performance.now();
    state = (await adaptation.step({ ...state, random: drawn.random }, fresh, replay)).state;
    const stepped = performance.now();
    const samples = joinBatches(fresh, replay);
    const written = await writer.write(held, state.edge.parameters, samples, samples.count);
    const encodeMs = performance.now() - stepped;
    trained = log.length;
    const half = halfBytes(state.edge.parameters);
    measured.push({
      ...sizesOf(written, half, float16),
      divergence: written.divergence ?? 0,
      accuracy: await accuracyOf(adaptation, written.decoded.parameters, test),
      accuracyFloat: await accuracyOf(adaptation, state.edge.parameters, test),
      trainMs: stepped - started,
      encodeMs,
      decodeRatio: decodeRatio(held, written, half),
    });
    float16 = half;
    held = written.decoded;
  }
  return measured;
}

function sizesOf({ version }: WrittenDelta, half: Uint8Array, before: Uint8Array) {
  return {
    coded: differenceOf(version).data.length,
    message: toBinary(VersionSchema, version).length,
    half: half.length,
    halfGzip: gzipSync(half, { level: 9 }).length,
    ams: amsBytes(half, before).length,
  };
}

function differenceOf({ content }: WrittenDelta['version']) {
  if (content.case !== 'delta' || content.value.difference === undefined) throw new Error('The writer wrote no delta.');
  return content.value.difference;
}

/** All parameters as float16. */
function halfBytes(parameters: ParameterSet): Uint8Array {
  return new Uint8Array(Uint16Array.from(concatenate(parameters), toFloat16).buffer);
}

/** The codec of AMS (Khani et al., ICCV 2021, section 3.2): a bit mask of the values that changed and these as float16, gzip -9. */
function amsBytes(half: Uint8Array, before: Uint8Array): Uint8Array {
  const mask = new Uint8Array(Math.ceil(half.length / 16));
  const values: number[] = [];
  for (let i = 0; i < half.length; i += 2) {
    if (half[i] === before[i] && half[i + 1] === before[i + 1]) continue;
    mask[i >> 4]! |= 1 << ((i >> 1) & 7);
    values.push(half[i] as number, half[i + 1] as number);
  }
  return gzipSync(Uint8Array.of(...mask, ...values), { level: 9 });
}

/** Both in turn, so that neither has the machine to itself. */
function decodeRatio(held: VersionState, { version, decoded }: WrittenDelta, half: Uint8Array): number {
  const zipped = gzipSync(half, { level: 9 });
  const difference = differenceOf(version);
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let i = 0; i < 60; i++) {
    const started = performance.now();
    decodeDifference(held.grid, difference, decoded.number);
    const between = performance.now();
    gunzipSync(zipped);
    ours.push(between - started);
    theirs.push(performance.now() - between);
  }
  return median(ours) / median(theirs);
}

async function accuracyOf(
  adaptation: Adaptation,
  parameters: ParameterSet,
  { images, labels }: { readonly images: readonly Float32Array[]; readonly labels: ArrayLike<number> },
): Promise<number> {
  const { classes } = adaptation.pair;
  const logits = await adaptation.edgeLogits(parameters, batchOf(images.map((data) => ({ data }))));
  const hits = images.filter(
    (_, i) => bestClass(logits.subarray(i * classes, (i + 1) * classes), classes) === labels[i],
  );
  return hits.length / images.length;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number;

function line(name: string, measured: readonly Measured[]): string {
  const mean = (of: (each: Measured) => number): number =>
    measured.reduce((sum, each) => sum + of(each), 0) / measured.length;
  const bytes = (of: (each: Measured) => number): string => mean(of).toFixed(0);
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
