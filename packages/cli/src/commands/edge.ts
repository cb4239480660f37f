import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Device, type OpenDeviceOptions, openDevice } from '@renorm/edge/node';
import { formatBytes, formatCount, formatPercent } from '@renorm/eval';
import type { ModelDescription } from '@renorm/onnx';
import { RenormError } from '@renorm/protocol';
import chalk from 'chalk';
import { Command } from 'commander';
import { wholeNumber } from '../arguments.js';
import { columns } from '../display/table.js';
import { type InputShape, listImages, readImage } from '../images.js';
import { aborted, interruptible } from '../interrupt.js';
import { describeFile } from '../model-file.js';

interface EdgeFlags {
  readonly model: string;
  readonly cloud: string;
  readonly cohort: string;
  readonly id?: string;
  readonly images: string;
  readonly repeat: number;
  readonly trust?: string;
  readonly trustMemory?: string;
  readonly tlsAuthority?: string;
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
  readonly tokenFile?: string;
}

/** `renorm edge`: a device whose camera is a folder of images. */
export function edgeCommand(): Command {
  return new Command('edge')
    .description(
      'predict the images of a folder as a device of a cohort, upload what is worth learning from, and take new versions',
    )
    .requiredOption('--model <file>', 'the edge model (ONNX), the same file that the cloud was started with')
    .requiredOption('--cloud <host:port>', 'where renorm cloud listens')
    .requiredOption(
      '--images <folder>',
      'folder of PNG, JPEG and WebP images; stretched to the size of the model’s input, scaled to [0, 1]',
    )
    .option('--cohort <name>', 'devices that share a model and an environment', 'default')
    .option('--id <name>', 'this device in its cohort (default: the host name)')
    .option('--repeat <n>', 'go through the folder this many times', wholeNumber(1, 1_000_000), 1)
    .option('--trust <file>', 'root that names who may sign versions (1.root of renorm keys init)')
    .option('--trust-memory <file>', 'file that remembers the newest version over a restart')
    .option('--tls-authority <file>', 'authority that signed the certificate of the cloud, in PEM: connect with TLS')
    .option('--tls-certificate <file>', 'certificate of this device, for a cloud that asks for one')
    .option('--tls-key <file>', 'its key')
    .option('--token-file <file>', 'file with the token of the cohort')
    .action((flags: EdgeFlags) => edge(flags));
}

async function edge({ model, cloud, cohort, id, images, repeat, ...security }: EdgeFlags): Promise<void> {
  const shape = inputShape(await describeFile(model));
  const files = await listImages(images);
  const device = await openDevice({
    ...{ model, cloud, cohort, ...(id === undefined ? {} : { id }) },
    ...(await securityOptions(security)),
  });
  device.on('error', (error) => void process.stderr.write(`${chalk.yellow(error.message)}\n`));
  const unreachable = new Promise<void>((resolve) => device.on('disconnected', () => resolve()));
  try {
    await interruptible(async (signal) => {
      let readable = files;
      for (let round = 0; round < repeat && !signal.aborted; round++)
        readable = await predictAll(device, readable, shape, signal);
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

async function securityOptions(
  flags: Pick<EdgeFlags, 'trust' | 'trustMemory' | 'tlsAuthority' | 'tlsCertificate' | 'tlsKey' | 'tokenFile'>,
): Promise<Partial<OpenDeviceOptions>> {
  const { trust, trustMemory, tlsAuthority: authority, tlsCertificate: certificate, tlsKey: key, tokenFile } = flags;
  if (trust === undefined)
    process.stderr.write(
      'Versions are not checked: anybody who answers can send them. --trust checks (docs/security.md).\n',
    );
  if (authority === undefined && (certificate !== undefined || key !== undefined))
    throw new RenormError('REQUEST_INVALID', '--tls-certificate and --tls-key ask for --tls-authority; give it.');
  const own = { ...(certificate !== undefined && { certificate }), ...(key !== undefined && { key }) };
  return {
    ...(trust !== undefined && { trust }),
    ...(trustMemory !== undefined && { trustMemory }),
    ...(authority !== undefined && { tls: { authority, ...own } }),
    ...(tokenFile !== undefined && { token: await readToken(tokenFile) }),
  };
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new RenormError('CREDENTIALS_UNREADABLE', `the token file ${file} cannot be read; check its path.`, {
      cause,
    });
  }
}

/** What the model takes. @throws RenormError REQUEST_INVALID if it is no image of one or three channels */
function inputShape({ name, inputShape: shape }: ModelDescription): InputShape {
  const [, channels, height, width] = shape;
  const isImage =
    shape.length === 4 && (channels === 1 || channels === 3) && typeof height === 'number' && typeof width === 'number';
  if (isImage) return { channels, height, width };
  throw new RenormError(
    'REQUEST_INVALID',
    `${name} takes [${shape.join(', ')}], not [batch, 1 or 3, height, width]: renorm edge reads images; use the library.`,
  );
}

/** Predicts every image once. @returns those that could be read */
async function predictAll(
  device: Device,
  files: readonly string[],
  shape: InputShape,
  signal: AbortSignal,
): Promise<string[]> {
  const width = Math.min(40, Math.max(...files.map((file) => basename(file).length)));
  const unreadable = new Set<string>();
  for (const file of files) {
    if (signal.aborted) break;
    try {
      const { label, probabilities, version } = await device.infer(await readImage(file, shape));
      const confidence = formatPercent(probabilities[label] ?? Number.NaN).padStart(6);
      process.stdout.write(
        `${basename(file).padEnd(width)}  class ${String(label).padEnd(4)}${confidence}  ${chalk.dim(`version ${version}`)}\n`,
      );
    } catch (error) {
      if (!(error instanceof RenormError) || error.code !== 'IMAGE_UNREADABLE') throw error;
      unreadable.add(file);
      process.stderr.write(`${chalk.yellow(error.message)}\n`);
    }
  }
  return files.filter((file) => !unreadable.has(file));
}

function printSummary(device: Device, unreadable: number): void {
  const { predictions, uploaded, pending, bytesUp, bytesDown, version } = device.status();
  const share = predictions === 0 ? '' : ` (${formatPercent(uploaded / predictions)})`;
  const facts = [
    ['predictions', formatCount(predictions)],
    ...(unreadable > 0 ? [['unreadable', formatCount(unreadable)]] : []),
    [
      'uploaded',
      `${formatCount(uploaded)} samples${share}${pending > 0 ? `, ${formatCount(pending)} still waiting` : ''}`,
    ],
    ['bytes', `${formatBytes(bytesUp)} up, ${formatBytes(bytesDown)} down`],
    ['version', String(version)],
  ];
  process.stdout.write(
    `\n${columns(
      facts.map(([term = '', value = '']) => [chalk.dim(term), value]),
      ['left'],
    ).join('\n')}\n`,
  );
}
