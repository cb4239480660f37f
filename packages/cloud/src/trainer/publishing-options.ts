import { RenormError } from '@renorm/protocol';
import type { PublishingOptions } from './messages.js';

export const PUBLISHING_DEFAULTS: PublishingOptions = { everySteps: 1, idleIntervalMs: 5_000, divergence: 0.002 };

/**
 * The defaults with some options replaced.
 *
 * @throws RenormError REQUEST_INVALID naming the option and its bounds
 */
export function publishingOptions(given: Partial<PublishingOptions> = {}): PublishingOptions {
  const options = { ...PUBLISHING_DEFAULTS, ...given };
  const require = (name: keyof PublishingOptions, bounds: string, holds: boolean): void => {
    if (holds) return;
    throw new RenormError(
      'REQUEST_INVALID',
      `the publishing option ${name} is ${options[name]}; it must be ${bounds}.`,
    );
  };
  const { everySteps, idleIntervalMs, divergence } = options;
  require('everySteps', 'a whole number, 1 or more', Number.isSafeInteger(everySteps) && everySteps >= 1);
  require('idleIntervalMs', '0 or more', idleIntervalMs >= 0);
  require('divergence', 'a finite number above 0', divergence > 0 && Number.isFinite(divergence));
  return options;
}
