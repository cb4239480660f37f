import { RenormError } from '@renorm/protocol';
import { type Command, Option } from 'commander';
import type { Logger } from 'pino';
import { EXIT } from './exit-codes.js';
import { Interrupted } from './interrupt.js';

/** Flags of commands that go on for as long as somebody lets them. */
export interface LogFlags {
  readonly log: 'text' | 'json';
  readonly logLevel?: string;
}

/** Gives a command its flags about the log. */
export function withLog(command: Command): Command {
  return command
    .addOption(
      new Option('--log <form>', 'what happens, as text or as lines of JSON').choices(['text', 'json']).default('text'),
    )
    .addOption(
      new Option('--log-level <level>', 'the least that is logged, with --log json (default: info)').choices([
        ...['debug', 'info', 'warn', 'error'],
      ]),
    );
}

/**
 * The log that the flags ask for: one JSON object a line with `time`, `level`, `event` and the event's fields;
 * undefined for text.
 *
 * @param write takes whole lines
 * @throws RenormError REQUEST_INVALID: a level for text
 */
export async function openLog({ log, logLevel }: LogFlags, write: (line: string) => void): Promise<Logger | undefined> {
  if (log === 'json') {
    // A command that does not log need not load it.
    const { pino, stdTimeFunctions } = await import('pino');
    const formatters = { level: (level: string) => ({ level }) };
    return pino({ level: logLevel ?? 'info', base: null, timestamp: stdTimeFunctions.isoTime, formatters }, { write });
  }
  if (logLevel === undefined) return undefined;
  throw new RenormError('REQUEST_INVALID', '--log-level asks for --log json; give it, or leave the level out.');
}

/** Runs a command whose last word, too, goes to its log. */
export async function logged(log: Logger | undefined, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (log === undefined || error instanceof Interrupted) throw error;
    log.fatal({ event: 'failed', err: error });
    process.exitCode = EXIT.failed;
  }
}
