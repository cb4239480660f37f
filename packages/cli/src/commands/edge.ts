import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Device, type ModelFacts, type NamedSelection, openDevice } from '@renorm/edge/node';
import { imageShape, RenormError } from '@renorm/protocol';
import { Command, Option } from 'commander';
import { jsonObject, namedSizes, numbers, wholeNumber } from '../arguments.js';
import { type EdgeMessages, edgeLog, edgeMessages } from '../display/edge-messages.js';
import { type EdgeOutput, edgeJson, edgeText } from '../display/edge-output.js';
import { printError } from '../display/terminal.js';
import { EXIT } from '../exit-codes.js';
import { parseRawFormat, type RawFormat } from '../frames/raw-frames.js';
import { type Source, streamFrames } from '../frames/stream.js';
import { listImages } from '../images.js';
import { aborted, Interrupted, interruptible } from '../interrupt.js';
import { type LogFlags, logged, openLog, withLog } from '../log.js';
import { watchedImages } from '../watched-images.js';
import {
  type ImageFlags,
  imageOptions,
  type SecurityFlags,
  securityOptions,
  selectionOption,
  type TuningFlags,
  tuningOptions,
} from './edge-options.js';
import { withPreprocessing } from './preprocessing-options.js';

interface EdgeFlags extends ImageFlags, LogFlags, SecurityFlags, TuningFlags {
  readonly model: string;
  readonly cloud: string;
  readonly cohort: string;
  readonly id?: string;
  readonly images?: string;
  readonly stream?: string;
  readonly raw?: RawFormat;
  readonly repeat: number;
  readonly watch: boolean;
  readonly select?: NamedSelection;
  readonly threads?: number;
  readonly json: boolean;
}

const EXIT_CODES = `
Exit codes: 0 all went well; 1 an error; 3 samples that were kept for the cloud are lost; 4 the cloud never answered.`;

/** `renorm edge`: a device whose camera is a folder of images, a stream or a pipe. */
export function edgeCommand(): Command {
  const command = new Command('edge')
    .requiredOption('--model <file>', 'the edge model (ONNX), the same file that the cloud was started with')
    .requiredOption('--cloud <host:port>', 'where renorm cloud listens')
    .option('--images <folder>', 'folder of PNG, JPEG and WebP images')
    .addOption(
      new Option(
        '--stream <where>',
        'in the place of --images: JPEG frames of a camera (http://…), or of a pipe (a path, - for stdin)',
      ).conflicts(['images', 'watch', 'repeat']),
    )
    .option(
      '--raw <format>',
      'with --stream: frames without compression, as ffmpeg -f rawvideo writes them: 640x480:rgb24',
      parseRawFormat,
    )
    .option(
      '--quality <n>',
      'upload samples as WebP of this quality, with loss (default: without loss)',
      wholeNumber(1, 100),
    )
    .option('--labels <file>', 'names of the classes: one per line, JSON, or a config.json with id2label')
    .option('--cohort <name>', 'devices that share a model and an environment', 'default')
    .option('--id <name>', 'this device in its cohort (default: the host name)')
    .option(
      '--select <policy>',
      'which samples are uploaded: renorm:0.1, random:0.1, uncertain:0.1 (with their share), cema, everything, nothing, or JSON: {"policy": "cema", …} (default: renorm)',
      selectionOption,
    )
    .addOption(
      new Option('--upload <what>', 'none: no image leaves this device, the cloud learns from sketches').choices([
        'samples',
        'none',
      ]),
    )
    .addOption(
      new Option('--consent <given>', 'no: nothing of any sample leaves this device, sketches neither').choices([
        'yes',
        'no',
      ]),
    )
    .option('--sketches <json>', 'make sketches: {"every": 4, "window": 32}', jsonObject)
    .option('--repeat <n>', 'go through the folder this many times', wholeNumber(1, 1_000_000), 1)
    .addOption(
      new Option('--watch', 'predict what is in the folder, and then each new image once it is written, until Ctrl-C')
        .default(false)
        .conflicts('repeat'),
    )
    .option('--state <folder>', 'folder for what outlives this device: the version in force, samples that wait, …')
    .option('--trust <file>', 'root that names who may sign versions (1.root of renorm keys init)')
    .option(
      '--trust-memory <file>',
      'file that remembers the newest version and root over a restart; not needed with --state',
    )
    .option('--tls-authority <file>', 'authority that signed the certificate of the cloud, in PEM: connect with TLS')
    .option('--tls-certificate <file>', 'certificate of this device, for a cloud that asks for one')
    .option('--tls-key <file>', 'its key')
    .option('--token-file <file>', 'file with the token of the cohort')
    .option('--threads <n>', 'threads that compute one prediction (default: 1)', wholeNumber(1, 256))
    .option('--output <name>', 'as the cloud is given it: which output holds a score for each class')
    .option(
      '--sizes <list>',
      'as the cloud is given it: axes that the model leaves open, height=224,width=224',
      namedSizes,
    )
    .option('--shape <sizes>', 'of a sample, with commas between, for a model whose axes are open', numbers)
    .addOption(
      new Option('--samples <form>', 'how samples travel')
        .choices(['auto', 'exact', 'float16', 'uint8'])
        .default('auto'),
    )
    .option(
      '--budget <json>',
      'bytes over the link, up and down: {"bytesPerHour": 1000000, "bytesPerDay": 5000000}',
      jsonObject,
    )
    .option('--queue <json>', 'bounds of the samples that wait', jsonObject)
    .option('--backoff <json>', 'waits between attempts to connect', jsonObject)
    .option('--health <json>', 'when starvation, saturation and the like are told', jsonObject)
    .option('--transport <json>', 'time limits of the connection', jsonObject)
    .option('--budget-retry-ms <n>', 'between questions whether there is upload budget', wholeNumber(1, 86_400_000))
    .option('--json', 'print one JSON object per line: predictions, and the summary', false)
    .addHelpText('after', EXIT_CODES)
    .action(async (flags: EdgeFlags) => {
      const log = await openLog(flags, printError);
      await logged(log, () => edge(flags, log === undefined ? edgeMessages : edgeLog(log)));
    });
  return withLog(withPreprocessing(command));
}

async function edge(
  { model, cloud, cohort, id, images, stream, raw, repeat, watch, select, threads, json, ...flags }: EdgeFlags,
  messages: EdgeMessages,
): Promise<void> {
  checkSource(images, stream, raw);
  const files = images === undefined || watch ? [] : await listImages(images);
  if (flags.trust === undefined)
    messages.note('Versions are not checked: anybody who answers can send them. --trust checks (docs/security.md).');
  if (flags.state === undefined)
    messages.note('A restart begins anew: what is learnt and what waits is in memory. --state FOLDER keeps it.');
  const device = await openDevice({
    ...{ model, cloud, cohort, ...(id === undefined ? {} : { id }) },
    ...(select && { selection: select }),
    ...(threads !== undefined && { threads }),
    ...tuningOptions(flags),
    ...imageOptions(flags),
    ...(await securityOptions(flags)),
  });
  for (const change of device.model.changes) messages.prepared(change);
  messages.follow(device);
  const unreachable = new Promise<void>((resolve) => device.on('disconnected', () => resolve()));
  let answered = false;
  device.on('connected', () => {
    answered = true;
  });
  const output = json ? edgeJson() : edgeText(widthOf(files));
  try {
    checkInput(model, device.model);
    await interruptible(async (signal) => {
      const unreadable = new Set<string>();
      const frames = (folder: string) =>
        filesOf(watch ? watchedImages(folder, signal) : rounds(files, repeat, unreadable));
      const source = images === undefined ? streamFrames(stream ?? '-', raw, signal, messages) : frames(images);
      await predictAll(device, source, { output, messages }, signal, unreadable);
      // What has no end ends in no other way: a signal is the end that was meant, unless nobody reads any more.
      const isEndless = watch || images === undefined;
      const cancelled = signal.aborted && !(isEndless && isAsked(signal.reason));
      if (!signal.aborted) {
        if (!device.status().connected) messages.waiting(cloud);
        await Promise.race([device.flush(), unreachable, aborted(signal)]);
      } else if (!cancelled && device.status().connected) await device.flush();
      if (cancelled) output.cancelled();
      output.summary(device, unreadable.size);
      if (cancelled) signal.throwIfAborted();
      process.exitCode = exitCode(device, unreadable.size, answered, flags.state !== undefined);
    });
  } finally {
    await device.close();
  }
}

/**
 * What a script should know: that nothing was predicted, that no cloud was there, or that what was kept for it is gone.
 */
function exitCode(device: Device, unreadable: number, answered: boolean, isKept: boolean): number {
  const { predictions, dropped, pending } = device.status();
  if (predictions === 0 && unreadable > 0) return EXIT.failed;
  if (!answered) return EXIT.noCloud;
  // What waits in a folder goes with the next run.
  return dropped + (isKept ? 0 : pending) > 0 ? EXIT.samplesLost : 0;
}

/** @throws RenormError REQUEST_INVALID if the model takes no image of one or three channels */
function checkInput(model: string, { shape }: ModelFacts): void {
  if (imageShape(shape) !== undefined) return;
  throw new RenormError(
    'REQUEST_INVALID',
    `${model} takes samples of [${shape.join(', ')}], not [1 or 3, height, width]: renorm edge reads images; use the library.`,
  );
}

/** A folder's files, so many times; those that could not be read, once. */
function* rounds(files: readonly string[], times: number, unreadable: ReadonlySet<string>): Generator<string> {
  for (let round = 0; round < times; round++) for (const file of files) if (!unreadable.has(file)) yield file;
}

async function* filesOf(files: Iterable<string> | AsyncIterable<string>): AsyncGenerator<Source> {
  for await (const file of files)
    yield { path: file, name: basename(file), read: async () => ({ image: await readFile(file) }) };
}

/** @param unreadable those that could not be read when they came last: filled here */
async function predictAll(
  device: Device,
  sources: AsyncIterable<Source>,
  { output, messages }: { readonly output: EdgeOutput; readonly messages: EdgeMessages },
  signal: AbortSignal,
  unreadable: Set<string>,
): Promise<void> {
  for await (const { path, name, read } of sources) {
    if (signal.aborted) break;
    try {
      output.predicted(name, await device.infer(await read()));
      unreadable.delete(path);
    } catch (error) {
      const reason = unreadableBecause(error);
      if (reason === undefined) throw error;
      unreadable.add(path);
      output.passedOver(name, reason);
      messages.unreadable(path, reason);
    }
  }
}

/** @throws RenormError REQUEST_INVALID */
function checkSource(images: string | undefined, stream: string | undefined, raw: RawFormat | undefined): void {
  const wrong = (text: string): RenormError => new RenormError('REQUEST_INVALID', text);
  if (images === undefined && stream === undefined)
    throw wrong('there is nothing to predict; give --images with a folder, or --stream with a camera or a pipe.');
  if (raw !== undefined && stream === undefined) throw wrong('--raw is for --stream; leave it out.');
}

/** How wide the names are. Those that are still to come are taken for short ones. */
const widthOf = (files: readonly string[]): number =>
  Math.min(
    40,
    files.reduce((most, file) => Math.max(most, basename(file).length), 16),
  );

/** Whether somebody ended the command, who is not just gone as the reader of its output. */
const isAsked = (reason: unknown): boolean => reason instanceof Interrupted && reason.signal !== 'SIGPIPE';

/** Why an image is passed over; undefined for an error that ends the command. */
function unreadableBecause(error: unknown): string | undefined {
  if (error instanceof RenormError) return error.code === 'IMAGE_UNREADABLE' ? error.text : undefined;
  const fromSystem = error instanceof Error && 'syscall' in error;
  return fromSystem ? `it cannot be opened (${error.message}); give back the file or its rights.` : undefined;
}
