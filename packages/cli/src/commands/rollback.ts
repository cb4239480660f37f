import { type PastVersion, rollBack, versionsOf } from '@renorm/cloud';
import { formatBytes } from '@renorm/eval/format';
import chalk from 'chalk';
import { Command } from 'commander';
import { jsonObject, type ModelFlags, modelFlags, namedSizes, wholeNumber } from '../arguments.js';
import { columns } from '../display/table.js';
import { print, printError } from '../display/terminal.js';

interface RollbackFlags extends ModelFlags {
  readonly edgeModel: string;
  readonly foundationModel?: string;
  readonly foundation?: object;
  readonly data?: string;
  readonly store?: string;
  readonly cohort: string;
  readonly to?: number;
  readonly as?: number;
  readonly json: boolean;
}

/** Lines of the list: the newest versions are those that somebody goes back to. */
const SHOWN = 20;

/** `renorm rollback`: lists the versions of a cohort, and publishes one of them again. */
export function rollbackCommand(): Command {
  return new Command('rollback')
    .requiredOption('--edge-model <file>', 'the models that the cloud was started with (ONNX)')
    .option('--foundation-model <file>')
    .option('--output <name>', 'as the cloud was given it')
    .option('--sizes <list>', 'as the cloud was given it', namedSizes)
    .option('--foundation <json>', 'as the cloud was given it', jsonObject)
    .option('--data <folder>', 'its data folder')
    .option('--store <url>', 'or its store on NATS: then nothing need be stopped')
    .requiredOption('--cohort <name>')
    .option('--to <n>', 'version to publish again; 0 is the model as exported', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option(
      '--as <n>',
      'number that it gets (default: the next); for a folder from a backup: higher than any that devices hold',
      wholeNumber(1, Number.MAX_SAFE_INTEGER),
    )
    .option('--json', 'print one JSON object', false)
    .action((flags: RollbackFlags) => rollback(flags));
}

async function rollback({
  to,
  as,
  json,
  edgeModel,
  foundationModel,
  data,
  store,
  cohort,
  ...flags
}: RollbackFlags): Promise<void> {
  const onRepaired = (what: string): void => printError(`data folder repaired: ${what}\n`);
  const stopped = {
    ...{ edgeModel, cohort, onRepaired, ...modelFlags(flags) },
    ...(data !== undefined && { data }),
    ...(store !== undefined && { store }),
    ...(foundationModel !== undefined && { foundationModel }),
    // What is in it, the library checks.
    ...({ ...(flags.foundation && { foundation: flags.foundation }) } as object),
  };
  if (to === undefined) {
    const versions = await versionsOf(stopped);
    return json ? printObject({ cohort, versions }) : list(versions, cohort);
  }
  const number = await rollBack({ ...stopped, to, ...(as !== undefined && { number: as }) });
  if (json) return printObject({ cohort, to, version: number });
  print(
    `Version ${to} of ${stopped.cohort} is published again, as version ${number}. Devices take it as soon as they are connected; start the trainer to go on learning.\n`,
  );
}

const printObject = (value: object): void => print(`${JSON.stringify(value)}\n`);

function list(versions: readonly PastVersion[], cohort: string): void {
  const rows = versions.map(({ number, publishedAtMs, bytes }) =>
    publishedAtMs === undefined
      ? [String(number), 'as exported', '']
      : [String(number), new Date(publishedAtMs).toISOString().replace(/\.\d+Z/, 'Z'), formatBytes(bytes)],
  );
  const shown = rows.length > SHOWN ? [...rows.slice(0, 2), ['…', '', ''], ...rows.slice(-SHOWN + 3)] : rows;
  const head = ['version', 'published', 'delta'].map((name) => chalk.dim(name));
  print(`${columns([head, ...shown], ['right', 'left', 'right']).join('\n')}\n`);
  if (versions.length > 1) print(`\n--to <version> publishes one of them again to the devices of ${cohort}.\n`);
}
