import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Device, type NamedSelection, openDevice } from '@renorm/edge/node';
import { formatBytes, formatCount, formatPercent } from '@renorm/eval/format';
import type { ModelDescription } from '@renorm/onnx';
import { RenormError } from '@renorm/protocol';
import chalk from 'chalk';
import { Command, Option } from 'commander';
import { numbers, wholeNumber } from '../arguments.js';
import { columns } from '../display/table.js';
import { listImages } from '../images.js';
import { aborted, interruptible } from '../interrupt.js';
import { describeFile } from '../model-file.js';
import { type ImageFlags, imageOptions, type SecurityFlags, securityOptions, selectionOption } from './edge-options.js';

interface EdgeFlags extends ImageFlags, SecurityFlags {
  readonly model: string;
  readonly cloud: string;
  readonly cohort: string;
  readonly id?: string;
  readonly images: string;
  readonly repeat: number;
  readonly select?: NamedSelection;
}

/** `renorm edge`: a device whose camera is a folder of images. */
export function edgeCommand(): Command {
  return new Command('edge')
    .requiredOption('--model <file>', 'the edge model (ONNX), the same file that the cloud was started with')
    .requiredOption('--cloud <host:port>', 'where renorm cloud listens')
    .requiredOption('--images <folder>', 'folder of PNG, JPEG and WebP images')
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
    .option('--deviation <numbers>', 'by which what is left is divided (default: 1)', numbers)
    .option(
      '--quality <n>',
      'upload samples as WebP of this quality, with loss (default: without loss)',
      wholeNumber(1, 100),
    )
    .option('--cohort <name>', 'devices that share a model and an environment', 'default')
    .option('--id <name>', 'this device in its cohort (default: the host name)')
    .option(
      '--select <policy>',
      'which samples are uploaded: cema, uncertain:0.1, random:0.1 (with their share), everything, nothing (default: cema)',
      selectionOption,
    )
    .option('--repeat <n>', 'go through the folder this many times', wholeNumber(1, 1_000_000), 1)
    .option('--trust <file>', 'root that names who may sign versions (1.root of renorm keys init)')
    .option('--trust-memory <file>', 'file that remembers the newest version and root over a restart')
    .option('--tls-authority <file>', 'authority that signed the certificate of the cloud, in PEM: connect with TLS')
    .option('--tls-certificate <file>', 'certificate of this device, for a cloud that asks for one')
    .option('--tls-key <file>', 'its key')
    .option('--token-file <file>', 'file with the token of the cohort')
    .action((flags: EdgeFlags) => edge(flags));
}

async function edge({ model, cloud, cohort, id, images, repeat, select, ...flags }: EdgeFlags): Promise<void> {
  checkInput(await describeFile(model));
  const files = await listImages(images);
  const device = await openDevice({
    ...{ model, cloud, cohort, ...(id === undefined ? {} : { id }) },
    ...(select && { selection: select }),
    ...imageOptions(flags),
    ...(await securityOptions(flags)),
  });
  device.on('error', (error) => void process.stderr.write(`${chalk.yellow(error.message)}\n`));
  device.on('health', ({ code, remedy, over }) => {
    process.stderr.write(`${over ? chalk.dim(`${code} is over.`) : chalk.yellow(`${code}: ${remedy}`)}\n`);
  });
  const unreachable = new Promise<void>((resolve) => device.on('disconnected', () => resolve()));
  try {
    await interruptible(async (signal) => {
      let readable = files;
      for (let round = 0; round < repeat && !signal.aborted; round++)
        readable = await predictAll(device, readable, signal);
      if (!device.status().connected && !signal.aborted) process.stderr.write(`Waiting for the cloud at ${cloud} …\n`);
      await Promise.race([device.flush(), unreachable, aborted(signal)]);
      if (signal.aborted) process.stdout.write('Cancelled.\n');
      printSummary(device, files.length - readable.length);
      signal.throwIfAborted();
      if (readable.length === 0) process.exitCode = 1;
    });
  } finally {
    await device.close();
  }
}

/** @throws RenormError REQUEST_INVALID if the model takes no image of one or three channels */
function checkInput({ name, inputShape: shape }: ModelDescription): void {
  const [, channels, height, width] = shape;
  const isImage =
    shape.length === 4 && (channels === 1 || channels === 3) && typeof height === 'number' && typeof width === 'number';
  if (isImage) return;
  throw new RenormError(
    'REQUEST_INVALID',
    `${name} takes [${shape.join(', ')}], not [batch, 1 or 3, height, width]: renorm edge reads images; use the library.`,
  );
}

/** Predicts every image once. @returns those that could be read */
async function predictAll(device: Device, files: readonly string[], signal: AbortSignal): Promise<string[]> {
  const width = Math.min(40, Math.max(...files.map((file) => basename(file).length)));
  const unreadable = new Set<string>();
  for (const file of files) {
    if (signal.aborted) break;
    try {
      const { label, probabilities, version } = await device.infer({ image: await readFile(file) });
      const confidence = formatPercent(probabilities[label] ?? Number.NaN).padStart(6);
      process.stdout.write(
        `${basename(file).padEnd(width)}  class ${String(label).padEnd(4)}${confidence}  ${chalk.dim(`version ${version}`)}\n`,
      );
    } catch (error) {
      const reason = unreadableBecause(error);
      if (reason === undefined) throw error;
      unreadable.add(file);
      process.stderr.write(`${chalk.yellow(`IMAGE_UNREADABLE: ${file}: ${reason}`)}\n`);
    }
  }
  return files.filter((file) => !unreadable.has(file));
}

/** Why an image is passed over; undefined for an error that ends the command. */
function unreadableBecause(error: unknown): string | undefined {
  if (error instanceof RenormError) return error.code === 'IMAGE_UNREADABLE' ? error.text : undefined;
  const fromSystem = error instanceof Error && 'syscall' in error;
  return fromSystem ? `it cannot be opened (${error.message}); give back the file or its rights.` : undefined;
}

function printSummary(device: Device, unreadable: number): void {
  const { predictions, uploaded, pending, dropped, bytesUp, bytesDown, version, health } = device.status();
  const share = predictions === 0 ? '' : ` (${formatPercent(uploaded / predictions)})`;
  const facts = [
    ['predictions', formatCount(predictions)],
    ...(unreadable > 0 ? [['unreadable', formatCount(unreadable)]] : []),
    [
      'uploaded',
      `${formatCount(uploaded)} samples${share}${pending > 0 ? `, ${formatCount(pending)} still waiting` : ''}`,
    ],
    ['bytes', `${formatBytes(bytesUp)} up, ${formatBytes(bytesDown)} down`],
    ...(dropped > 0 ? [['given up', `${formatCount(dropped)} samples`]] : []),
    ['version', String(version)],
    // Each was told with its remedy when it began.
    ...(health.length > 0 ? [['goes on', health.map(({ code }) => code).join(', ')]] : []),
  ];
  process.stdout.write(
    `\n${columns(
      facts.map(([term = '', value = '']) => [chalk.dim(term), value]),
      ['left'],
    ).join('\n')}\n`,
  );
}
