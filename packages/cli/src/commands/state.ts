import { checkState, copyState, type StateReport } from '@renorm/cloud';
import { formatBytes, formatCount } from '@renorm/eval/format';
import chalk from 'chalk';
import { Command } from 'commander';
import { type ModelFlags, modelFlags, namedSizes } from '../arguments.js';
import { columns } from '../display/table.js';
import { print } from '../display/terminal.js';

interface CheckFlags extends ModelFlags {
  readonly data?: string;
  readonly store?: string;
  readonly edgeModel?: string;
  readonly json: boolean;
}

interface CopyFlags {
  readonly data: string;
  readonly store: string;
  readonly json: boolean;
}

/** `renorm state`: what a data folder or a store holds. */
export function stateCommand(): Command {
  const state = new Command('state');
  state
    .command('check')
    .description(
      'read all of a data folder, or of a store on NATS, and say what is whole; exit code 1 if something is not',
    )
    .option('--data <folder>', 'data folder of a cloud that is stopped')
    .option('--store <url>', 'or a store on NATS, whose cloud may run')
    .option('--edge-model <file>', 'its edge model (ONNX): versions are decoded with it too')
    .option('--output <name>', 'as the cloud was given it')
    .option('--sizes <list>', 'as the cloud was given it', namedSizes)
    .option('--json', 'print one JSON object', false)
    .action((flags: CheckFlags) => check(flags));
  for (const [name, what] of [
    ['export', 'copy the state out of a store on NATS, whose cloud may run, into a new folder'],
    ['import', 'copy the state of a folder, whose cloud is stopped, into a new store on NATS'],
  ] as const)
    state
      .command(name)
      .description(`${what}: samples, training state, versions with their numbers and digests`)
      .requiredOption('--data <folder>', 'the folder')
      .requiredOption('--store <url>', 'the store: nats://host:4222/name')
      .option('--json', 'print one JSON object', false)
      .action((flags: CopyFlags) => copy(name, flags));
  return state;
}

async function copy(way: 'export' | 'import', { data, store, json }: CopyFlags): Promise<void> {
  const [from, to] = way === 'export' ? [{ store }, { data }] : [{ data }, { store }];
  const cohorts = await copyState({
    ...{ from, to },
    onCopied({ cohort, samples, version }) {
      if (!json) print(`${cohort}  ${formatCount(samples)} samples, version ${version}\n`);
    },
  });
  print(json ? `${JSON.stringify({ cohorts })}\n` : `${formatCount(cohorts.length)} cohorts copied.\n`);
}

async function check({ data, store, edgeModel, json, ...flags }: CheckFlags): Promise<void> {
  const report = await checkState({
    ...modelFlags(flags),
    ...(data !== undefined && { data }),
    ...(store !== undefined && { store }),
    ...(edgeModel !== undefined && { edgeModel }),
  });
  print(json ? `${JSON.stringify(report, null, 2)}\n` : stateText(report.place, report));
  if (!report.isWhole) process.exitCode = 1;
}

function stateText(data: string, { isWhole, problems, cohorts, format, storeBytes }: StateReport): string {
  const head = ['cohort', 'received', 'kept', 'trained', 'version', 'versions kept'].map((name) => chalk.dim(name));
  const rows = cohorts.map(({ cohort, received, kept, trained, version, versions }) => [
    cohort,
    ...[received, kept, trained, version, versions].map(formatCount),
  ]);
  const right = 'right' as const;
  const table = rows.length === 0 ? [] : columns([head, ...rows], ['left', right, right, right, right, right]);
  const verdict = isWhole
    ? chalk.green(`${data} is whole: format ${format}, ${formatBytes(storeBytes)} in use.`)
    : chalk.red(`${data} is damaged:`);
  const advice = isWhole ? [] : ['Restore it from a backup, or move it away to begin anew at version 0.'];
  return `${[...table, verdict, ...problems.map((what) => `  ${what}`), ...advice].join('\n')}\n`;
}
