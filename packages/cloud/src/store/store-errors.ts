import { RenormError } from '@renorm/protocol';

/** What a driver throws when the head is not the one that was to be replaced. */
export function conflict(cohort: string, is: number, expected: number): RenormError {
  return new RenormError(
    'CONFLICT',
    `cohort ${cohort} is at revision ${is}, not at ${expected}: another trainer was first. What was learnt in this step is given up; the next one goes on from there.`,
  );
}

/** What a driver throws when a log is to begin that has begun. */
export function notEmpty(cohort: string): RenormError {
  return new RenormError(
    'CONFLICT',
    `cohort ${cohort} has samples already: what comes from another store goes into an empty one.`,
  );
}

/** What a driver throws when a head names a blob that is not there. */
export function missingBlob(cohort: string, digest: string): RenormError {
  return new RenormError(
    'DATA_DAMAGED',
    `the new state of cohort ${cohort} names the blob ${digest}, which is not in the store. Nothing was changed; the step is done again.`,
  );
}

/** What is thrown for a record that cannot be what was written. @param where the cohort, and what in it */
export function damaged(where: string, why: string, cause?: unknown): RenormError {
  return new RenormError(
    'DATA_DAMAGED',
    `${where} cannot be read from the store: ${why}. Restore the data folder from a backup, or name a new one.`,
    { cause },
  );
}
