import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { DEFAULT_STRATEGY } from '@renorm/cloud';
import { type EdgeLogits, modelPair, ParametricSession } from '@renorm/cloud/internal';
import {
  CORRUPTIONS,
  labelledStream,
  type Outcome,
  openMethod,
  readLabelledImages,
  type Severity,
  withAdaptation,
  withoutAdaptation,
} from '@renorm/eval';
import { readParameters } from '@renorm/onnx';
import { repositoryPath } from '../repository.js';
import { corruptionNames } from './corruption-names.js';

const folder = repositoryPath('models/');

/** The methods of the table, in the order of its columns. */
interface Row {
  readonly source: Outcome;
  readonly foundation: Outcome;
  readonly batchStatistics: Outcome;
  /** What ships: strategy, selection and gate by default. */
  readonly renorm: Outcome;
  readonly cema: Outcome;
  /** CEMA with the redundancy criterion off. */
  readonly cemaAll: Outcome;
}

const percent = (share: number): string => (100 * share).toFixed(1);
const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(1);

/** Prints accuracy, uploads and bytes of every method for each corruption and their means, as a Markdown table. */
export async function runAccuracyBench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      images: { type: 'string', default: '2000' },
      severity: { type: 'string', default: '5' },
      seed: { type: 'string', default: '1' },
      corruption: { type: 'string', multiple: true },
    },
  });
  const [count, severity, seed] = [Number(values.images), Number(values.severity) as Severity, Number(values.seed)];
  const names = corruptionNames(values.corruption, CORRUPTIONS);
  const images = await readLabelledImages(`${folder}fashion-mnist`);
  const file = async (name: string) => ({ name, bytes: await readFile(`${folder}${name}`) });
  const models = modelPair(await file('fashion-edge.onnx'), await file('fashion-foundation.onnx'));
  const training = await openMethod({ models, strategy: 'cema', threads: 2 });
  const shipped = await openMethod({ models, strategy: DEFAULT_STRATEGY, threads: 2, gate: undefined });
  const { edge, foundation, sampleShape } = models;
  const open = (model: typeof edge, statistics: 'running' | 'batch') =>
    ParametricSession.create(model, sampleShape, { threads: 2 }, statistics);
  const sessions = [await open(edge, 'batch'), await open(foundation, 'running')] as const;
  const [edgeOnBatches, foundationAsIs] = sessions.map(logitsOf) as [EdgeLogits, EdgeLogits];
  const [edgeParameters, foundationParameters] = [readParameters(edge), readParameters(foundation)];

  console.log(
    `Accuracy in % over streams of ${count} images, severity ${severity}, seed ${seed}. Bytes are kB per 1,000 predictions.\n`,
  );
  console.log(
    '| corruption | source | foundation as is | batch statistics | renorm | uploaded | up | down | CEMA | uploaded | up | down | CEMA, no redundancy criterion | uploaded | up | down |',
  );
  console.log(`|${'---|'.repeat(16)}`);
  const rows: Row[] = [];
  for (const corruption of names) {
    const stream = await labelledStream(images, { corruption, severity, count, seed });
    const cohort = `${corruption}-${seed}`;
    const everything = { cohort: `${cohort}-all`, selection: { policy: 'cema', redundancyMargin: 2 } as const };
    const row: Row = {
      source: await withoutAdaptation(training.edgeLogits, edgeParameters, stream),
      foundation: await withoutAdaptation(foundationAsIs, foundationParameters, stream),
      batchStatistics: await withoutAdaptation(edgeOnBatches, edgeParameters, stream),
      renorm: await withAdaptation({ training: shipped, cohort, samplesPerUpload: 1 }, stream),
      cema: await withAdaptation({ training, cohort, selection: 'cema' }, stream),
      cemaAll: await withAdaptation({ training, ...everything }, stream),
    };
    rows.push(row);
    console.log(line(corruption, row));
  }
  if (rows.length > 1) console.log(line('**mean**', meanRow(rows)));
  await training.close();
  await shipped.close();
  for (const session of sessions) await session.release();
}

const logitsOf =
  (session: ParametricSession): EdgeLogits =>
  (parameters, samples) =>
    session.logits(parameters, samples);

function line(name: string, { source, foundation, batchStatistics, renorm, cema: kept, cemaAll }: Row): string {
  const traffic = ({ accuracy, uploaded, bytesUpPerThousand, bytesDownPerThousand }: Outcome): string[] => [
    percent(accuracy),
    percent(uploaded),
    kilobytes(bytesUpPerThousand),
    kilobytes(bytesDownPerThousand),
  ];
  const cells = [source, foundation, batchStatistics].map(({ accuracy }) => percent(accuracy));
  return `| ${[name, ...cells, ...traffic(renorm), ...traffic(kept), ...traffic(cemaAll)].join(' | ')} |`;
}

function meanRow(rows: readonly Row[]): Row {
  const mean = (method: keyof Row): Outcome => {
    const of = (value: keyof Outcome): number => rows.reduce((sum, row) => sum + row[method][value], 0) / rows.length;
    return {
      accuracy: of('accuracy'),
      uploaded: of('uploaded'),
      bytesUpPerThousand: of('bytesUpPerThousand'),
      bytesDownPerThousand: of('bytesDownPerThousand'),
    };
  };
  return {
    source: mean('source'),
    foundation: mean('foundation'),
    batchStatistics: mean('batchStatistics'),
    renorm: mean('renorm'),
    cema: mean('cema'),
    cemaAll: mean('cemaAll'),
  };
}
