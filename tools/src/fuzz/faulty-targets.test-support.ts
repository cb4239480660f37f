import type { Prepared, Target } from './target.js';

const kept: Uint8Array[] = [];

/** A target that does something wrong with every input but those of sevens. */
function faulty(name: string, fault: () => unknown): Target {
  return {
    name,
    about: 'a planted fault',
    async prepare(): Promise<Prepared> {
      const valid = new Uint8Array(64).fill(7);
      return { corpus: [valid], decode: (bytes) => (bytes.every((byte) => byte === 7) ? bytes.length : fault()) };
    },
  };
}

function spin(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

/** Faults as decoders have them. */
export const TARGETS: readonly Target[] = [
  faulty('throws', () => {
    throw new TypeError('x is undefined');
  }),
  faulty('rejects', () => Promise.reject(new RangeError('later'))),
  faulty('hangs', () => spin(600_000)),
  faulty('never-settles', () => new Promise(() => setInterval(() => undefined, 1000))),
  faulty('exits', () => process.exit(3)),
  faulty('dies', () => process.kill(process.pid, 'SIGSEGV')),
  faulty('fills-the-heap', () => {
    const values: object[] = [];
    for (;;) values.push({ at: values.length });
  }),
  faulty('grows', () => kept.push(new Uint8Array(64 * 2 ** 20).fill(1))),
];
