import { checkToken } from '@renorm/protocol';
import type { Case } from '../case.js';
import { type Result, type RunOptions, runCases } from '../runner.js';
import { ANNOUNCE_CASES } from './announce-cases.js';
import { ServerContext, type ServerSetup } from './context.js';
import { HOSTILE_CASES } from './hostile-cases.js';
import { IMAGE_CASES } from './image-cases.js';
import { SAMPLE_CASES } from './sample-cases.js';
import { TRUST_CASES } from './trust-cases.js';
import { UPLOAD_CASES } from './upload-cases.js';
import { WATCH_CASES } from './watch-cases.js';

/** All that a cloud is asked. */
export const SERVER_CASES: readonly Case<ServerContext>[] = [
  ...ANNOUNCE_CASES,
  ...UPLOAD_CASES,
  ...SAMPLE_CASES,
  ...IMAGE_CASES,
  ...WATCH_CASES,
  ...HOSTILE_CASES,
  ...TRUST_CASES,
];

/**
 * Acts as devices against a cloud. Cases that all take place in one cohort run one after the other, whatever `jobs`
 * says.
 *
 * @throws RenormError CREDENTIALS_UNREADABLE: the token is none that could travel
 */
export async function runServerSuite(setup: ServerSetup, options: RunOptions = {}): Promise<Result[]> {
  if (setup.target.token !== undefined) checkToken(setup.target.token, 'the token of the target');
  const cases = SERVER_CASES.map((each) => ({
    ...each,
    run: (context: ServerContext) => each.run(context).finally(() => context.close()),
  }));
  const jobs = setup.cohort === undefined ? (options.jobs ?? 1) : 1;
  return runCases(cases, () => new ServerContext(setup), { ...options, jobs });
}
