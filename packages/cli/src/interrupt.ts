/** The error of a command that a signal ended. What was cancelled has been printed. */
export class Interrupted extends Error {
  readonly exitCode: number;

  constructor(readonly signal: EndingSignal) {
    super(`cancelled by ${signal}`);
    this.exitCode = EXIT_CODES[signal];
  }
}

/** SIGPIPE: nobody reads the output any more. */
type EndingSignal = 'SIGINT' | 'SIGTERM' | 'SIGPIPE';
/** 128 and the number of the signal, as shells say it. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGPIPE: 141 } as const;

/** npm hands on a Ctrl-C that the terminal has already delivered: two signals this close together are one. */
const SAME_SIGNAL_MILLISECONDS = 1000;

/**
 * Runs work that SIGINT and SIGTERM end in good order: the first aborts the signal that the work is given, with an
 * Interrupted as its reason; one more ends the process at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let first = 0;
  const onSignal = (name: NodeJS.Signals): void => {
    const reason = new Interrupted(name as EndingSignal);
    if (first !== 0 && performance.now() - first > SAME_SIGNAL_MILLISECONDS) process.exit(reason.exitCode);
    first ||= performance.now();
    controller.abort(reason);
  };
  for (const name of Object.keys(EXIT_CODES)) process.on(name, onSignal);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of Object.keys(EXIT_CODES)) process.off(name, onSignal);
  }
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
