import type { Consent } from './device-options.js';

/**
 * Whether samples may leave a device when it starts. What was taken back stays so until it is given again; what was
 * given counts where it was asked for.
 *
 * @param remembered what was said of it in an earlier run
 */
export function consentOf(option: Consent = true, remembered?: boolean): boolean {
  if (remembered === false) return false;
  return option === 'ask' ? remembered === true : option;
}
