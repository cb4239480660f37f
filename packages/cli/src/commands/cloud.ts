import { type CloudEvent, startCloud } from '@renorm/cloud';
import { formatCount } from '@renorm/eval';
import { Command } from 'commander';
import { wholeNumber } from '../arguments.js';
import { eventLine } from '../display/cloud-lines.js';
import { aborted, interruptible } from '../interrupt.js';

interface CloudFlags {
  readonly edgeModel: string;
  readonly foundationModel: string;
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly threads?: number;
}

/** `renorm cloud`: the trainer and its gateway. */
export function cloudCommand(): Command {
  return new Command('cloud')
    .description('adapt an edge model for the devices that connect, with a foundation model as the teacher')
    .requiredOption('--edge-model <file>', 'the model that the devices run (ONNX)')
    .requiredOption('--foundation-model <file>', 'the stronger model that teaches it (ONNX, same input and classes)')
    .requiredOption('--data <folder>', 'where samples, training state and versions are kept; made if it is not there')
    .option('--host <address>', 'address to listen on; 0.0.0.0 for all', '127.0.0.1')
    .option('--port <n>', 'port to listen on, 0 for any that is free', wholeNumber(0, 65535), 7443)
    .option('--threads <n>', 'threads for training (default: one for each processor)', wholeNumber(1, 1024))
    .action((flags: CloudFlags) => cloud(flags));
}

async function cloud({ edgeModel, foundationModel, data, host, port, threads }: CloudFlags): Promise<void> {
  const running = await startCloud({
    ...{ edgeModel, foundationModel, data, host, port },
    ...(threads === undefined ? {} : { threads }),
    onEvent: print,
  });
  try {
    await interruptible(async (signal) => {
      process.stdout.write(`Listening on ${running.address}, state in ${data}. Ctrl-C ends it.\n`);
      for (const { cohort, version, received } of running.status())
        process.stdout.write(
          `${cohort}  goes on from version ${version}, ${formatCount(received)} samples received so far\n`,
        );
      await aborted(signal);
      process.stdout.write('Closing: finishing the step in hand …\n');
      await running.close();
      process.stdout.write(
        'Closed. All that was acknowledged is on disk; start again with the same folder to go on.\n',
      );
    });
  } finally {
    await running.close();
  }
}

function print(event: CloudEvent): void {
  const line = eventLine(event, new Date());
  if (line !== undefined) (event.kind === 'failed' ? process.stderr : process.stdout).write(`${line}\n`);
}
