import { type Case, Violation } from '../case.js';
import { type Result, type RunOptions, runCases } from '../runner.js';
import { ClientContext, type ClientSetup } from './context.js';
import { SESSION_CASES } from './session-cases.js';
import { TRUST_CASES } from './trust-cases.js';
import { UPLOAD_CASES } from './upload-cases.js';
import { VERSION_CASES } from './version-cases.js';

/** All that a device is asked. */
export const CLIENT_CASES: readonly Case<ClientContext>[] = [
  ...SESSION_CASES,
  ...VERSION_CASES,
  ...UPLOAD_CASES,
  ...TRUST_CASES,
];

/** Acts as the cloud for a device, which starts anew for each case. */
export function runClientSuite(setup: ClientSetup, options?: RunOptions): Promise<Result[]> {
  const cases = CLIENT_CASES.map((each) => ({
    ...each,
    async run(context: ClientContext): Promise<void> {
      try {
        await each.run(context);
      } catch (error) {
        if (!(error instanceof Violation) || context.said === '' || error.came.includes('it printed:')) throw error;
        throw new Violation(error.expected, `${error.came}${context.said}`);
      } finally {
        await context.close();
      }
    },
  }));
  return runCases(cases, () => ClientContext.open(setup), options);
}
