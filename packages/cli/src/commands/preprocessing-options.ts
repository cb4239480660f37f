import type { Preprocessing } from '@renorm/protocol';
import { type Command, Option } from 'commander';
import { numbers, wholeNumber } from '../arguments.js';

/** Flags that say how an image becomes the input of a model. */
export interface PreprocessingFlags {
  readonly fit: Preprocessing['fit'];
  readonly shorterSide?: number;
  readonly filter: NonNullable<Preprocessing['filter']>;
  readonly mean?: number[];
  readonly deviation?: number[];
}

/** Adds them to a command. */
export function withPreprocessing(command: Command): Command {
  return command
    .addOption(
      new Option('--fit <how>', 'how an image gets the size of the model’s input')
        .choices(['none', 'stretch', 'crop'])
        .default('stretch'),
    )
    .option(
      '--shorter-side <pixels>',
      'with --fit crop: size of the shorter side before the middle is cut out',
      wholeNumber(1, 65_535),
    )
    .addOption(
      new Option('--filter <name>', 'filter of the resize').choices(['bilinear', 'bicubic']).default('bilinear'),
    )
    .option(
      '--mean <numbers>',
      'of each channel, with commas between (default: 0); values are in [0, 1] before',
      numbers,
    )
    .option('--deviation <numbers>', 'by which what is left is divided (default: 1)', numbers);
}

/** What they say to the library. */
export function preprocessingOf({ fit, shorterSide, filter, mean, deviation }: PreprocessingFlags): Preprocessing {
  return {
    ...{ fit, filter },
    ...(shorterSide !== undefined && { shorterSide }),
    ...(mean && { mean }),
    ...(deviation && { deviation }),
  };
}
