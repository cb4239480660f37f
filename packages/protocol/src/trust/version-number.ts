import { RenormError } from '../errors.js';

/**
 * Numbers of versions are below this: a stolen signing key that publishes the largest number leaves the cloud that many
 * to count on with, and no sum of two numbers is inexact.
 */
export const VERSION_NUMBER_LIMIT = 2 ** 53 - 2 ** 32;

/**
 * How far a version may be above the newest one that a device has taken. At one version per second a device may be away
 * for 136 years; a stolen key has to sign two million versions, each of them taken, to use all numbers up.
 */
export const VERSION_NUMBER_STEP = 2 ** 32;

/**
 * Checks that a version's number leaves room for those that follow.
 *
 * @param newest the newest version that was ever taken; 0 if none was, and then any number below the limit is a
 *   beginning
 * @throws RenormError VERSION_NUMBER
 */
export function checkVersionNumber(number: number, newest = 0): void {
  if (number >= VERSION_NUMBER_LIMIT) {
    throw new RenormError(
      'VERSION_NUMBER',
      `version ${number} is not below 2^53 - 2^32 (${VERSION_NUMBER_LIMIT}), where numbers end; count on from the newest version, and if it was signed by a stolen key, rotate that key (renorm keys rotate).`,
    );
  }
  if (newest === 0 || number <= newest + VERSION_NUMBER_STEP) return;
  throw new RenormError(
    'VERSION_NUMBER',
    `version ${number} is more than 2^32 above version ${newest}, the newest that was taken; count on from there, and find out who signed it.`,
  );
}
