import { reasonOf } from '@renorm/protocol';
import type { FromChild, ToChild } from './messages.js';

const CLOSE_SECONDS = 8;

/** What a child process of the demonstration does. */
export interface ChildWork {
  /** Acts on a message; a rejection ends the process and the run. */
  handle(message: ToChild): Promise<void>;
  close(): Promise<void>;
  /** What has to be done at once where closing takes too long, before the process is killed. */
  giveUp?(): void;
}

/** Sends a message to the run. Does nothing once the run is gone. */
export function send(message: FromChild): void {
  if (process.connected) process.send?.(message);
}

/**
 * Ties a child process to the run: acts on its messages, closes when told to or when the run is gone (its death closes
 * the channel), and reports a failure before it ends. Ctrl-C reaches every process of a terminal; only the run answers
 * it.
 */
export function serveChild(work: ChildWork): void {
  let ending = false;
  const end = (code: number): void => {
    if (ending) return;
    ending = true;
    setTimeout(() => {
      try {
        work.giveUp?.();
      } finally {
        process.kill(process.pid, 'SIGKILL');
      }
    }, CLOSE_SECONDS * 1000).unref();
    work
      .close()
      .catch(() => undefined)
      .finally(() => process.exit(code));
  };
  const fail = (error: unknown): void => {
    if (ending) return;
    const message = reasonOf(error);
    // Ends only when the message is through.
    if (process.connected) process.send?.({ kind: 'failed', message } satisfies FromChild, () => end(1));
    else end(1);
  };
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.on('SIGTERM', () => end(143));
  process.on('disconnect', () => end(0));
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  process.on('message', (message: ToChild) => {
    if (message.kind === 'stop') return end(0);
    work.handle(message).catch(fail);
  });
}
