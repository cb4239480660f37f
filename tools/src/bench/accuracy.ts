import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Adaptation, modelPair, ParametricSession } from '@renorm/cloud';
import {
  CORRUPTIONS,
  cema,
  labelledStream,
  type Outcome,
  readLabelledImages,
  type Severity,
  withoutAdaptation,
} from '@renorm/eval';
import { readParameters } from '@renorm/onnx';
import { repositoryPath } from '../repository.js';
import { corruptionNames } from './corruption-names.js';

const models = repositoryPath('models/');

/** The methods of the table, in the order of its columns. */
interface Row {
  readonly source: Outcome;
  readonly foundation: Outcome;
  readonly batchStatistics: Outcome;
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
  const images = await readLabelledImages(`${models}fashion-mnist`);
  const file = async (name: string) => ({ name, bytes: await readFile(`${models}${name}`) });
  const adaptation = await Adaptation.create({
    models: modelPair(await file('fashion-edge.onnx'), await file('fashion-foundation.onnx')),
    threads: 2,
  });
  const { edge, foundation, sampleShape } = adaptation.pair;
  const threads = { threads: 2 };
  const edgeSession = await ParametricSession.create(edge, sampleShape, threads);
  const edgeOnBatches = await ParametricSession.create(edge, sampleShape, threads, 'batch');
  const foundationSession = await ParametricSession.create(foundation, sampleShape, threads);
  const [edgeParameters, foundationParameters] = [readParameters(edge), readParameters(foundation)];

  console.log(
    `Accuracy in % over streams of ${count} images, severity ${severity}, seed ${seed}. Bytes are kB per 1,000 predictions.\n`,
  );
  console.log(
    '| corruption | source | foundation as is | batch statistics | CEMA | uploaded | up | down | CEMA, no redundancy criterion | uploaded | up | down |',
  );
  console.log('|---|---|---|---|---|---|---|---|---|---|---|---|');
  const rows: Row[] = [];
  for (const corruption of names) {
    const stream = await labelledStream(images, { corruption, severity, count, seed });
    const row: Row = {
      source: await withoutAdaptation(edgeSession, edgeParameters, stream),
      foundation: await withoutAdaptation(foundationSession, foundationParameters, stream),
      batchStatistics: await withoutAdaptation(edgeOnBatches, edgeParameters, stream),
      cema: await cema({ adaptation, edge: edgeSession, seed }, stream),
      cemaAll: await cema({ adaptation, edge: edgeSession, seed, selection: { redundancyMargin: 2 } }, stream),
    };
    rows.push(row);
    console.log(line(corruption, row));
  }
  if (rows.length > 1) console.log(line('**mean**', meanRow(rows)));
  await adaptation.release();
}

function line(name: string, { source, foundation, batchStatistics, cema: kept, cemaAll }: Row): string {
  const traffic = ({ accuracy, uploaded, bytesUpPerThousand, bytesDownPerThousand }: Outcome): string[] => [
    percent(accuracy),
    percent(uploaded),
    kilobytes(bytesUpPerThousand),
    kilobytes(bytesDownPerThousand),
  ];
  const cells = [source, foundation, batchStatistics].map(({ accuracy }) => percent(accuracy));
  return `| ${[name, ...cells, ...traffic(kept), ...traffic(cemaAll)].join(' | ')} |`;
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
    cema: mean('cema'),
    cemaAll: mean('cemaAll'),
  };
}
