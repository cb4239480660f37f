import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readModels } from '@renorm/cloud/internal';
import { SketchSession } from '@renorm/edge/node';
import {
  type AdaptedStreamSetup,
  CORRUPTIONS,
  labelledStream,
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
const DEFAULT_CORRUPTIONS = ['gaussian_noise', 'fog', 'contrast'];

/**
 * Prints accuracy and bytes of the strategy statistics by uploads, by sketches alone, and by both, as a Markdown table.
 */
export async function runSketchesBench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      images: { type: 'string', default: '1000' },
      severity: { type: 'string', default: '5' },
      corruption: { type: 'string', multiple: true },
      every: { type: 'string', default: '4' },
      window: { type: 'string', default: '32' },
    },
  });
  const [count, severity] = [Number(values.images), Number(values.severity) as Severity];
  const names = corruptionNames(values.corruption ?? DEFAULT_CORRUPTIONS, CORRUPTIONS);
  const images = await readLabelledImages(`${folder}fashion-mnist`);
  const name = 'fashion-edge.onnx';
  const models = readModels({ name, bytes: await readFile(folder + name) }, undefined);
  const training = await openMethod({ models, strategy: 'statistics', threads: 2, gate: undefined });
  const session = await SketchSession.open(models.edge, models.sampleShape, 2);
  const sketches = { every: Number(values.every), window: Number(values.window), session };
  const ways: Readonly<Record<string, Partial<AdaptedStreamSetup>>> = {
    uploads: {},
    'sketches alone': { sketches, upload: 'none' },
    both: { sketches },
  };
  console.log(
    `Accuracy in % over streams of ${count} images, severity ${severity}, seed 1; in brackets kB up per 1,000 predictions. A sketch of ${sketches.window} images, one prediction in ${sketches.every}.\n`,
  );
  console.log(`| corruption | source | ${Object.keys(ways).join(' | ')} |\n|${'---|'.repeat(5)}`);
  for (const corruption of names) {
    const stream = await labelledStream(images, { corruption, severity, count, seed: 1 });
    const source = await withoutAdaptation(training.edgeLogits, readParameters(models.edge), stream);
    const cells = [(100 * source.accuracy).toFixed(1)];
    for (const [way, setup] of Object.entries(ways)) {
      const cohort = `${corruption}-${way.replace(' ', '-')}`;
      const outcome = await withAdaptation({ training, cohort, samplesPerUpload: 12, ...setup }, stream);
      cells.push(`${(100 * outcome.accuracy).toFixed(1)} (${(outcome.bytesUpPerThousand / 1000).toFixed(1)})`);
    }
    console.log(`| ${[corruption, ...cells].join(' | ')} |`);
  }
  await session.release();
  await training.close();
}
