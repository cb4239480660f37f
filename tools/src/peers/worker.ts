import { readCase } from './cases.js';
import { type CaseResult, check } from './check.js';

/** What main asks of the process that runs models. */
export interface Request {
  readonly folder: string;
  readonly name: string;
  /** Only the original: after a crash, to see whose it was. */
  readonly originalOnly: boolean;
}

// Its own process: a runtime that crashes takes no results with it.
process.on('message', ({ folder, name, originalOnly }: Request) => {
  readCase(folder, name)
    .then((each) => check(each, { originalOnly }))
    .then(
      (result: CaseResult) => process.send?.(result),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
});
