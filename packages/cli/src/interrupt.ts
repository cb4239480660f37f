/** The error of a command that a signal ended. What was cancelled has been printed. */
export class Interrupted extends Error {
  readonly exitCode: number;

  constructor(readonly signal: 'SIGINT' | 'SIGTERM') {
    super(`cancelled by ${signal}`);
    this.exitCode = signal === 'SIGINT' ? 130 : 143;
  }
}

/** npm hands on a Ctrl-C that the terminal has already delivered: two signals this close together are one. */
const SAME_SIGNAL_MILLISECONDS = 1000;

/**
 * Runs work that SIGINT and SIGTERM end in good order: the first aborts the signal that the work is given, with an Interrupted as its reason;
 * one more ends the process at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let first = 0;
  const onSignal = (name: NodeJS.Signals): void => {
    const reason = new Interrupted(name === 'SIGTERM' ? 'SIGTERM' : 'SIGINT');
    if (first !== 0 && performance.now() - first > SAME_SIGNAL_MILLISECONDS) process.exit(reason.exitCode);
    first ||= performance.now();
    controller.abort(reason);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
