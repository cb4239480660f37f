import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { DEFAULT_STRATEGY, type StrategyName } from '@renorm/cloud';
import { batchOf, type EdgeLogits, OPEN_GATE, ParametricSession, readModels } from '@renorm/cloud/internal';
import {
  CORRUPTIONS,
  type LabelledStream,
  labelledStream,
  readLabelledImages,
  type Severity,
  withoutAdaptation,
} from '@renorm/eval';
import { readParameters } from '@renorm/onnx';
import { type ParameterSet, seededRandom } from '@renorm/protocol';
import { repositoryPath } from '../../repository.js';
import { corruptionNames } from '../corruption-names.js';
import { type Attack, HOSTILE, OUT_OF_RANGE, poolsOf } from './attacks.js';
import { type CohortSetup, runCohort, type Upload } from './cohort.js';

const models = repositoryPath('models/');
const DEVICES = 4;
/** Uploads after which the first versions are out; where there are few in all, a quarter of them. */
const EARLY = 24;
const FEWEST = 12;

/** How many of the uploads are bad, and whose. */
interface Scenario {
  readonly name: string;
  readonly attack: Attack;
  readonly bad: (index: number, device: number, random: () => number) => boolean;
}

const SCENARIOS: readonly Scenario[] = [
  ...OUT_OF_RANGE.flatMap((attack) => [
    { name: `one sample: ${attack.name}`, attack, bad: (i: number) => i === 5 },
    { name: `one device of four: ${attack.name}`, attack, bad: (_: number, device: number) => device === 1 },
  ]),
  ...[0.25, 0.75].flatMap((share) =>
    HOSTILE.map((attack) => ({
      name: `${100 * share}%: ${attack.name}`,
      attack,
      bad: (_: number, __: number, random: () => number) => random() < share,
    })),
  ),
];

/** Prints what bad uploads cost the others, as a Markdown table. */
export async function runRobustBench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      strategy: { type: 'string', default: DEFAULT_STRATEGY },
      environment: { type: 'string', multiple: true, default: ['clean', 'gaussian_noise', 'fog'] },
      severity: { type: 'string', default: '5' },
      seeds: { type: 'string', default: '1' },
      uploads: { type: 'string', default: '96' },
      images: { type: 'string', default: '400' },
      only: { type: 'string' },
      gate: { type: 'boolean', default: true },
    },
    allowNegative: true,
  });
  const [seeds, count, tested] = [Number(values.seeds), Number(values.uploads), Number(values.images)];
  if (!(Number.isSafeInteger(count) && count >= FEWEST))
    throw new Error(`--uploads is ${values.uploads}; it has to be ${FEWEST} or more, for a first version.`);
  const file = async (name: string) => ({ name, bytes: new Uint8Array(await readFile(`${models}${name}`)) });
  const both = readModels(await file('fashion-edge.onnx'), await file('fashion-foundation.onnx'));
  const exported = readParameters(both.edge);
  const session = await ParametricSession.create(both.edge, both.sampleShape, { threads: 1 });
  const edgeLogits: EdgeLogits = (parameters, samples) => session.logits(parameters, samples);
  const setup: CohortSetup = {
    ...{ models: both, strategy: values.strategy as StrategyName, threads: 1 },
    ...(values.gate ? {} : { gate: OPEN_GATE }),
  };
  const images = await readLabelledImages(`${models}fashion-mnist`);
  const severity = Number(values.severity) as Severity;
  const at = [Math.min(EARLY, Math.floor(count / 4)), Math.floor(count / 2), count];
  const scenarios = SCENARIOS.filter(({ name }) => values.only === undefined || name.includes(values.only));
  console.log(
    `Strategy ${values.strategy}, ${count} uploads of ${DEVICES} devices, ${seeds} seeds, ${tested} test images; severity ${severity}; accuracy in % after ${at.join(', ')} uploads.\n`,
  );
  for (const environment of values.environment) {
    const rows = new Map<string, number[][]>();
    const note = (name: string, numbers: readonly number[]): void => {
      rows.set(name, [...(rows.get(name) ?? []), [...numbers]]);
      console.error(`${environment}, ${name}: ${numbers.map((value) => value.toFixed(1)).join(' ')}`);
    };
    for (let seed = 1; seed <= seeds; seed++) {
      const all = await streamOf(images, environment, severity, seed, count + tested + 500);
      const [honest, test] = [part(all, 0, count), part(all, count, count + tested)];
      const accuracyOf = async (parameters: ParameterSet): Promise<number> =>
        100 * (await withoutAdaptation(edgeLogits, parameters, test)).accuracy;
      const pools = await poolsOf(
        part(all, count + tested, count + tested + 500),
        (inputs) => edgeLogits(exported, batchOf(inputs.map((data) => ({ data })))),
        both.classes,
      );
      note('source', [await accuracyOf(exported)]);
      const measure = async (name: string, uploads: readonly Upload[]): Promise<void> => {
        const standings = await runCohort(setup, uploads, at);
        const accuracies: number[] = [];
        for (const { parameters } of standings) accuracies.push(await accuracyOf(parameters));
        note(name, [...accuracies, standings.at(-1)?.refused ?? 0]);
      };
      const uploads = honest.inputs.map((data, i) => ({ device: `device-${i % DEVICES}`, data }));
      await measure('all honest', uploads);
      for (const { name, attack, bad } of scenarios) {
        const random = seededRandom(seed);
        const spoilt = uploads.map((upload, i) =>
          bad(i, i % DEVICES, random) ? { ...upload, data: attack.sample(upload.data, random, pools) } : upload,
        );
        await measure(name, spoilt);
      }
    }
    print(environment, rows);
  }
  await session.release();
}

async function streamOf(
  images: Awaited<ReturnType<typeof readLabelledImages>>,
  environment: string,
  severity: Severity,
  seed: number,
  count: number,
): Promise<LabelledStream> {
  const [corruption] = environment === 'clean' ? [undefined] : corruptionNames([environment], CORRUPTIONS);
  return labelledStream(images, { corruption, severity, count, seed });
}

const part = ({ inputs, labels }: LabelledStream, from: number, to: number): LabelledStream => ({
  inputs: inputs.slice(from, to),
  labels: labels.slice(from, to),
});

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function print(environment: string, rows: ReadonlyMap<string, readonly number[][]>): void {
  const column = (name: string, index: number): number =>
    mean((rows.get(name) ?? []).map((row) => row[index] as number));
  const source = column('source', 0);
  const honest = [0, 1, 2].map((index) => column('all honest', index));
  console.log(`**${environment}**: source ${source.toFixed(1)}\n`);
  console.log(
    '| uploads | early | halfway | at the end | most lost against all honest | lowest against source | refused by the gate |',
  );
  console.log('|---|---|---|---|---|---|---|');
  const signed = (value: number): string => `${value >= 0 ? '+' : ''}${value.toFixed(1)}`;
  for (const name of rows.keys()) {
    if (name === 'source') continue;
    const accuracies = [0, 1, 2].map((index) => column(name, index));
    const lost = Math.min(...accuracies.map((value, i) => value - (honest[i] as number)));
    const below = Math.min(...accuracies.map((value) => value - source));
    const cells = [...accuracies.map((value) => value.toFixed(1)), signed(lost), signed(below)];
    console.log(`| ${[name, ...cells, column(name, 3).toFixed(1)].join(' | ')} |`);
  }
  console.log('');
}
