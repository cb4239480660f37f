import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  CORRUPTIONS,
  defaultMethods,
  type EvalPlan,
  type EvalRecord,
  EXTRA_CORRUPTIONS,
  METHOD_NAMES,
  ResultsFile,
  runEval,
  STREAM_KINDS,
  summariseEval,
  writeEvalReport,
} from '@renorm/eval';
import { unreadable } from '@renorm/protocol';
import { Command, InvalidArgumentError } from 'commander';
import { jsonObject, names, numbers, wholeNumber } from '../arguments.js';
import { evalProgress } from '../display/eval-progress.js';
import { evalTable } from '../display/eval-table.js';
import { print, printError } from '../display/terminal.js';
import { interruptible } from '../interrupt.js';
import { type PreprocessingFlags, preprocessingFor, withPreprocessing } from './preprocessing-options.js';

interface EvalFlags extends PreprocessingFlags {
  readonly edgeModel: string;
  readonly foundationModel?: string;
  readonly foundation?: object;
  readonly data: string;
  readonly classes?: string;
  readonly corrupt: string[];
  readonly severity: number[];
  readonly images: number;
  readonly methods?: string[];
  readonly stream: string[];
  readonly batch: number;
  readonly delay: number;
  readonly loss: number;
  readonly offline: [number, number][];
  readonly budget?: number;
  readonly seed: number;
  readonly workers?: number;
  readonly out: string;
  readonly json: boolean;
}

/** `renorm eval`: is it worth it for these models and these data? */
export function evalCommand(): Command {
  const command = new Command('eval')
    .requiredOption('--edge-model <file>', 'the model that the devices run (ONNX)')
    .option('--foundation-model <file>', 'the stronger model (ONNX)')
    .option('--foundation <json>', 'what it does not say of itself, as renorm cloud is given it', jsonObject)
    .requiredOption(
      '--data <path>',
      'images: a folder with a folder for each class, or another layout of docs/evaluation.md',
    )
    .option('--classes <file>', "names of the classes, one per line, in the model's order")
    .option(
      '--corrupt <list>',
      'corruptions to make of the images: all (the 15 of the benchmark), extra (the 4 beside them), or names with commas between, as fog,gaussian_noise',
      names,
      [],
    )
    .option('--severity <list>', 'of the corruptions, 1 to 5', severities, [5])
    .option('--images <n>', 'of each environment, at most', wholeNumber(1, 10_000_000), 1000)
    .option(
      '--methods <list>',
      `what is compared: ${METHOD_NAMES.join(', ')}; a strategy with a policy of the device as statistics/random:0.1`,
      names,
    )
    .option('--stream <list>', `${STREAM_KINDS.map(({ name, about }) => `${name}: ${about}`).join('; ')}`, names, [
      'reset',
    ])
    .option('--batch <n>', 'images per batch, for methods that need batches', wholeNumber(1, 4096), 64)
    .option('--delay <images>', 'from an upload to its version', wholeNumber(0, 1_000_000), 0)
    .option('--loss <share>', 'of uploads that are lost on the way and sent again', Number, 0)
    .option('--offline <list>', 'stretches of images without a link, as 200-400,600-650', stretches, [])
    .option('--budget <bytes>', 'that may be sent for 1,000 images', wholeNumber(1, 1_000_000_000))
    .option('--seed <n>', 'decides which images are taken, their order and their noise', wholeNumber(0, 1_000_000), 1)
    .option(
      '--workers <n>',
      'that run at a time, one thread each (default: one for each processor)',
      wholeNumber(1, 1024),
    )
    .option('--out <folder>', 'where results and report go; what is finished there is not run again', 'renorm-eval')
    .option('--json', 'end with the summary as one JSON object, alone on stdout; everything else goes to stderr', false)
    .action((flags: EvalFlags) => evaluate(flags));
  return withPreprocessing(command);
}

async function evaluate(flags: EvalFlags): Promise<void> {
  const { json, out, workers } = flags;
  const plan = await planOf(flags);
  const results = await ResultsFile.open(out);
  const show = json ? printError : print;
  const progress = evalProgress(process.stderr);
  let record: EvalRecord;
  try {
    record = await interruptible((signal) =>
      runEval(plan, {
        results,
        signal,
        onProgress: (each) => progress.show(each),
        ...(workers !== undefined && { workers }),
      }),
    );
  } finally {
    progress.end();
  }
  const summary = summariseEval(record);
  const report = await writeEvalReport(record, summary, out);
  show(`${evalTable(summary)}\n\nReport: ${report}\n`);
  if (json) print(`${JSON.stringify(summary)}\n`);
}

async function planOf(flags: EvalFlags): Promise<EvalPlan> {
  const { edgeModel, foundationModel, data, images, batch, seed, delay, loss, offline, budget } = flags;
  const methods = flags.methods ?? defaultMethods(foundationModel !== undefined);
  return {
    ...{ edgeModel, data: resolve(data), images, batch, seed },
    ...(foundationModel !== undefined && { foundationModel }),
    ...(flags.classes !== undefined && { classNames: await readClasses(flags.classes) }),
    ...(flags.foundation && { foundation: flags.foundation }),
    preprocessing: await preprocessingFor(edgeModel, flags, (text) => printError(`${text}\n`)),
    corrupt: [...new Set(flags.corrupt.flatMap(corruptionsOf))],
    severities: flags.severity as unknown as EvalPlan['severities'],
    // What everything else is compared with.
    methods: [...new Set(['source', ...methods])],
    streams: flags.stream,
    link: { delay, loss, offline, ...(budget !== undefined && { budget }) },
  };
}

/** Names that stand for several. */
const corruptionsOf = (name: string): string | readonly string[] =>
  name === 'all' ? CORRUPTIONS : name === 'extra' ? EXTRA_CORRUPTIONS : name;

async function readClasses(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw unreadable('REQUEST_INVALID', `--classes ${file}`, cause);
  });
  return text.split(/\r?\n/).filter((line) => line !== '');
}

function severities(text: string): number[] {
  const values = numbers(text);
  if (!values.every((value) => [1, 2, 3, 4, 5].includes(value)))
    throw new InvalidArgumentError('Give whole numbers from 1 to 5 with commas between.');
  return values;
}

function stretches(text: string): [number, number][] {
  return text.split(',').map((part) => {
    const [, from, to] = /^(\d+)-(\d+)$/.exec(part.trim()) ?? [];
    if (from === undefined || to === undefined || Number(from) >= Number(to))
      throw new InvalidArgumentError('Give numbers of images as 200-400, with commas between.');
    return [Number(from), Number(to)];
  });
}
