/** A kind of fault that an ordinary test makes, with doubles for the clock or one peer. */
export interface OtherKind {
  readonly about: string;
  /** Files from the repository's root that try it. */
  readonly tests: readonly string[];
}

/** Faults that need no processes of their own. `pnpm faults` runs their tests once; docs/reliability.md lists them. */
export const OTHER_KINDS: Readonly<Record<string, OtherKind>> = {
  'torn-store': {
    about: 'pages of the store that are cut off, zeros or noise, and a full disk under the store itself',
    tests: ['packages/cloud/src/store/lmdb-file.test.ts', 'packages/cloud/src/store/lmdb-full-disk.test.ts'],
  },
  'torn-folder': {
    about: 'renorm.json or the store empty, cut, zeros or gone',
    tests: ['packages/cloud/src/store/data-folder.test.ts', 'packages/cloud/src/check-state.test.ts'],
  },
  'failing-writes': {
    about: 'each single write of a store fails',
    tests: ['packages/cloud/src/store/lmdb.test.ts', 'packages/cloud/src/store/memory.test.ts'],
  },
  'two-trainers': { about: 'two trainers on one store', tests: ['test/src/two-roles.test.ts'] },
  clocks: { about: 'a device’s clock set back and ahead', tests: ['packages/edge/src/core/session.test.ts'] },
  'stolen-key': {
    about: 'a stolen key that publishes the highest number, forged, expired and replayed versions',
    tests: ['packages/edge/src/core/session.test.ts', 'packages/edge/src/node/device-trust.test.ts'],
  },
  'bad-samples': {
    about: 'samples far out of range, a device that keeps sending them, a version that is worse than the one in force',
    tests: [
      'packages/cloud/src/admission/sample-vetting.test.ts',
      'packages/cloud/src/admission/set-aside.test.ts',
      'packages/cloud/src/publication/held-out-gate.test.ts',
    ],
  },
  'greedy-device': {
    about: 'a device, or a cohort, that takes all it can get',
    tests: [
      'packages/cloud/src/gateway/budget.test.ts',
      'packages/cloud/src/gateway/gateway-budget.test.ts',
      'packages/cloud/src/trainer/schedule.test.ts',
    ],
  },
  'hostile-connections': {
    about: 'requests that never end, floods of calls, connections, streams and names, tokens that are none',
    tests: [
      'packages/cloud/src/gateway/gateway-limits.test.ts',
      'packages/cloud/src/gateway/gateway-memory.test.ts',
      'packages/cloud/src/gateway/flooding-peers.test.ts',
    ],
  },
  'durable-files': {
    about: 'the order in which a file and its name reach the disk',
    tests: ['packages/cloud/src/store/durable-file.test.ts', 'packages/edge/src/node/durable-file.test.ts'],
  },
  'trust-memory': {
    about: 'a device’s trust memory empty, cut or of another',
    tests: ['packages/edge/src/node/device-trust-memory.test.ts', 'packages/edge/src/node/file-memory.test.ts'],
  },
};
