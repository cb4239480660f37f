import type { Device } from '@renorm/edge/node';
import { printable, printableLine } from '@renorm/protocol';
import chalk from 'chalk';
import type { Logger } from 'pino';
import { printError } from './terminal.js';

/** What `renorm edge` has to say beside its predictions, on stderr. */
export interface EdgeMessages {
  /** To be known at the start. */
  note(text: string): void;
  prepared(change: string): void;
  unreadable(file: string, reason: string): void;
  waiting(cloud: string): void;
  /** A stream of frames was lost, and is asked for again. */
  lost(stream: string, reason: string, retryInMs: number): void;
  /** Tells what the device tells. */
  follow(device: Device): void;
}

/** Lines for people: what needs somebody. */
export const edgeMessages: EdgeMessages = {
  note: (text) => printError(`${text}\n`),
  prepared: (change) => printError(`${chalk.dim(`model: ${printable(change)}`)}\n`),
  unreadable: (file, reason) => printError(`${chalk.yellow(printableLine(`IMAGE_UNREADABLE: ${file}: ${reason}`))}\n`),
  lost: (stream, reason, retryInMs) =>
    printError(
      `${chalk.yellow(printableLine(`The stream ${stream} was lost (${reason}); again in ${(retryInMs / 1000).toFixed(1)} s.`))}\n`,
    ),
  waiting: (cloud) => printError(`Waiting for the cloud at ${cloud} …\n`),
  follow(device) {
    device.on('error', (error) => printError(`${chalk.yellow(printable(error.message))}\n`));
    device.on('health', ({ code, remedy, over }) => {
      printError(`${over ? chalk.dim(`${code} is over.`) : chalk.yellow(`${code}: ${remedy}`)}\n`);
    });
  },
};

/** Every event of the device, one JSON object a line. */
export function edgeLog(log: Logger): EdgeMessages {
  return {
    note: (text) => log.warn({ event: 'note', text }),
    prepared: (change) => log.info({ event: 'prepared', change }),
    unreadable: (file, reason) => log.warn({ event: 'unreadable', file, code: 'IMAGE_UNREADABLE', reason }),
    lost: (stream, reason, retryInMs) => log.warn({ event: 'lost', stream, reason, retryInMs }),
    waiting: (cloud) => log.info({ event: 'waiting', cloud }),
    follow(device) {
      device.on('connected', ({ latest }) => log.info({ event: 'connected', latest: latest.number }));
      device.on('disconnected', ({ error, retryInMs }) => log.warn({ event: 'disconnected', err: error, retryInMs }));
      device.on('version', (facts) => log.info({ event: 'version', ...facts }));
      device.on('error', (error) => log.warn({ event: 'error', err: error }));
      device.on('health', ({ over, ...facts }) => log[over ? 'info' : 'warn']({ event: 'health', over, ...facts }));
      device.on('left', (facts) => log.debug({ event: 'left', ...facts }));
      device.on('decision', (facts) => log.debug({ event: 'decision', ...facts }));
    },
  };
}
