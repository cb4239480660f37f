import { type ErrorCode, grpcStatusOf } from '@renorm/protocol';
import { expect } from '../case.js';
import type { Outcome } from './outcome.js';

/** How an outcome reads. */
export const shown = (outcome: Outcome<unknown>): string =>
  outcome.ok ? 'an answer' : `status ${outcome.status} (${outcome.details})`;

/** The answer of a call that has to succeed. @throws Violation */
export function answered<Response>(outcome: Outcome<Response>, what: string): Response {
  expect(outcome.ok, `an answer to ${what}`, () => shown(outcome));
  return outcome.value;
}

/** A call that has to be refused under one of the codes and its status. @throws Violation */
export function refused(outcome: Outcome<unknown>, what: string, ...codes: readonly ErrorCode[]): void {
  const fits =
    !outcome.ok &&
    codes.some((code) => outcome.details.startsWith(`${code}: `) && outcome.status === grpcStatusOf(code));
  const wanted = codes.map((code) => `${code} under status ${grpcStatusOf(code)}`).join(' or ');
  expect(fits, `${what} refused with ${wanted}`, () => shown(outcome));
}

/** A call that has to be refused, however. @throws Violation */
export function notTaken(outcome: Outcome<unknown>, what: string): void {
  expect(!outcome.ok, `${what} refused`, () => shown(outcome));
}
