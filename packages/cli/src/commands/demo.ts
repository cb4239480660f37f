import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import {
  type DemoPlan,
  type DemoRecord,
  type DemoSummary,
  demoPlan,
  outcomeSentences,
  runDemo,
  summarise,
  writeReport,
} from '@renorm/eval';
import { RenormError } from '@renorm/protocol';
import { Command } from 'commander';
import { wholeNumber } from '../arguments.js';
import { type DemoDisplay, liveDisplay, plainDisplay } from '../display/demo-display.js';
import { summaryTable } from '../display/summary-table.js';
import { print } from '../display/terminal.js';
import { Interrupted, interruptible } from '../interrupt.js';

interface DemoFlags {
  readonly quick: boolean;
  readonly json: boolean;
  readonly report: string;
  readonly seed: number;
}

/** `renorm demo`: a cloud and three devices on this machine, accuracy lost to a changed environment and won back. */
export function demoCommand(): Command {
  return new Command('demo')
    .option('--quick', 'a shortened run, under a minute', false)
    .option('--json', 'end with the summary as one JSON object, alone on stdout; everything else goes to stderr', false)
    .option('--report <path>', 'where the HTML report goes', 'renorm-report.html')
    .option('--seed <n>', 'decides which images each device sees and their noise', wholeNumber(0, 1_000_000), 1)
    .action((flags: DemoFlags) => demo(flags));
}

async function demo({ quick, json, report, seed }: DemoFlags): Promise<void> {
  await checkReportPath(report);
  // With --json, stdout belongs to the summary.
  const out = json ? process.stderr : process.stdout;
  const plan = demoPlan({ quick, seed });
  const display = out.isTTY ? liveDisplay(out) : plainDisplay(out);
  const record = await interruptible((signal) => runShown(plan, display, out, signal));
  const summary = summarise(record);
  const path = await writeReport(record, summary, report);
  out.write(`\n${summaryTable(summary)}\n\n${outcomeSentences(summary).join('\n')}\n\nReport: ${path}\n`);
  if (json) print(`${JSON.stringify({ ...summary, report: path } satisfies DemoSummary)}\n`);
}

async function runShown(
  plan: DemoPlan,
  display: DemoDisplay,
  out: NodeJS.WritableStream,
  signal: AbortSignal,
): Promise<DemoRecord> {
  try {
    return await runDemo(plan, { signal, onEvent: (event, record) => display.show(event, record) }).finally(() =>
      display.end(),
    );
  } catch (error) {
    if (error instanceof Interrupted)
      out.write('Cancelled the run: the cloud and the devices have ended, no report was written.\n');
    throw error;
  }
}

/** A run of minutes must not end with a report that cannot be written. */
async function checkReportPath(path: string): Promise<void> {
  const folder = dirname(resolve(path));
  await access(folder, constants.W_OK).catch((cause: unknown) => {
    throw new RenormError(
      'REQUEST_INVALID',
      `--report ${path}: the folder ${folder} cannot be written; name another path.`,
      { cause },
    );
  });
}
