import { type ErrorCode, RenormError } from './errors.js';

/** A 64-bit integer of the wire as a number, where numbers are exact. Throws RenormError with the code given. */
export function safeNumber(value: bigint, name: string, code: ErrorCode): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new RenormError(code, `the ${name} is ${value}, above 2^53 - 1; count from 0.`);
}
