import { type Preprocessing, RenormError } from '@renorm/protocol';
import { preprocessingBeside, readPreprocessing } from '@renorm/protocol/node';
import { type Command, Option } from 'commander';
import { fileOrObject, numbers, wholeNumber } from '../arguments.js';

/** Flags that say how an image becomes the input of a model. */
export interface PreprocessingFlags {
  readonly preprocessing?: string | object;
  readonly fit?: Preprocessing['fit'];
  readonly shorterSide?: number;
  readonly filter?: NonNullable<Preprocessing['filter']>;
  readonly mean?: number[];
  readonly std?: number[];
}

/** Adds them to a command. */
export function withPreprocessing(command: Command): Command {
  return command
    .option(
      '--preprocessing <file>',
      'preprocessor_config.json, or the config.json of timm, in the place of --fit and those below it (default: what lies beside the model)',
      fileOrObject,
    )
    .addOption(
      new Option('--fit <how>', 'how an image gets the size of the model’s input (default: stretch)').choices([
        'none',
        'stretch',
        'crop',
      ]),
    )
    .option(
      '--shorter-side <pixels>',
      'with --fit crop: size of the shorter side before the middle is cut out',
      wholeNumber(1, 65_535),
    )
    .addOption(
      new Option('--filter <name>', 'filter of the resize (default: bilinear)').choices(['bilinear', 'bicubic']),
    )
    .option(
      '--mean <numbers>',
      'of each channel, with commas between (default: 0); values are in [0, 1] before',
      numbers,
    )
    .option('--std <numbers>', 'by which what is left is divided (default: 1)', numbers);
}

/**
 * What they say to the library; undefined where they say nothing.
 *
 * @throws RenormError REQUEST_INVALID: two of them contradict
 */
export function preprocessingOf(flags: PreprocessingFlags): string | Preprocessing | undefined {
  const { preprocessing, fit, shorterSide, filter, mean, std } = flags;
  const single = Object.values({ fit, shorterSide, filter, mean, std }).some((value) => value !== undefined);
  if (preprocessing !== undefined) {
    if (!single) return preprocessing as string | Preprocessing;
    const text = '--preprocessing says all of --fit, --shorter-side, --filter, --mean and --std; give either.';
    throw new RenormError('REQUEST_INVALID', text);
  }
  if (!single) return undefined;
  return {
    ...{ fit: fit ?? 'stretch', filter: filter ?? 'bilinear' },
    ...(shorterSide !== undefined && { shorterSide }),
    ...(mean && { mean }),
    ...(std && { std }),
  };
}

/**
 * The same, with what lies beside a model where they say nothing, for commands that prepare images themselves.
 *
 * @param note told which file it was
 * @throws RenormError REQUEST_INVALID
 */
export async function preprocessingFor(
  model: string,
  flags: PreprocessingFlags,
  note: (text: string) => void,
): Promise<Preprocessing> {
  const said = preprocessingOf(flags);
  if (said !== undefined) return typeof said === 'string' ? readPreprocessing(said) : said;
  const found = await preprocessingBeside(model);
  if (found === undefined) return { fit: 'stretch' };
  const { file, says } = found;
  if (typeof says === 'string') throw new RenormError('REQUEST_INVALID', `the file of preprocessing ${file} ${says}.`);
  note(`images are prepared as ${file} says`);
  return says;
}
