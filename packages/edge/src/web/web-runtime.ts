import type { Clock, Random } from '../core/platform.js';

/** The clock of the browser. */
export function webClock(): Clock {
  // Messages to oneself: unlike timers they are not held back in a tab that nobody sees.
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after(ms, callback) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
    soon(callback) {
      waiting.push(callback);
      port2.postMessage(undefined);
    },
  };
}

/** The randomness of the browser. */
export const webRandom: Random = {
  fraction: () => Math.random(),
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
};
