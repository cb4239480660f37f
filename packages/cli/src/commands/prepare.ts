import { readFile, writeFile } from 'node:fs/promises';
import { type CalibrationSample, prepareModel } from '@renorm/cloud';
import { printable } from '@renorm/protocol';
import chalk from 'chalk';
import { Command } from 'commander';
import { type ModelFlags, modelFlags, namedSizes } from '../arguments.js';
import { print } from '../display/terminal.js';
import { listImages } from '../images.js';
import { type PreprocessingFlags, preprocessingFor, withPreprocessing } from './preprocessing-options.js';

interface PrepareFlags extends ModelFlags, PreprocessingFlags {
  readonly calibrate?: string;
  readonly json: boolean;
}

/** `renorm prepare`: a file that devices and clouds take as it is, and a word for everything that was done. */
export function prepareCommand(): Command {
  const command = new Command('prepare')
    .argument('<model>', 'an ONNX file')
    .argument('<prepared>', 'file to write')
    .option('--output <name>', 'which output holds a score for each class, where that is not clear')
    .option('--sizes <list>', 'sizes of the axes that it leaves open: height=224,width=224', namedSizes)
    .option('--calibrate <folder>', 'clean images: what folded layers see of them is written into the file')
    .option('--json', 'print one JSON object', false)
    .action((from: string, to: string, flags: PrepareFlags) => prepare(from, to, flags));
  return withPreprocessing(command);
}

async function prepare(from: string, to: string, { calibrate: folder, json, ...flags }: PrepareFlags): Promise<void> {
  const files = folder === undefined ? undefined : await listImages(folder);
  const notes: string[] = [];
  const preprocessing = files && (await preprocessingFor(from, flags, (text) => notes.push(text)));
  const prepared = await prepareModel({
    ...modelFlags(flags),
    model: from,
    ...(files && preprocessing && { calibrate: images(files), preprocessing }),
  });
  const { bytes, remarks } = prepared;
  const changes = [...notes, ...prepared.changes];
  await writeFile(to, bytes);
  if (json) return print(`${JSON.stringify({ prepared: to, changes, remarks })}\n`);
  const done = changes.length === 0 ? ['nothing had to be done: it is the same model'] : changes;
  const lines = [
    ...done.map((what) => `  ${printable(what)}`),
    ...remarks.map((what) => chalk.yellow(`  ${printable(what)}`)),
  ];
  print(`${printable(to)} is written:\n${lines.join('\n')}\n`);
}

async function* images(files: readonly string[]): AsyncGenerator<CalibrationSample> {
  for (const file of files) yield { image: await readFile(file) };
}
