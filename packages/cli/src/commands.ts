import type { Command } from 'commander';

interface Entry {
  readonly about: string;
  /** Only what runs is imported: a device must not load the cloud. */
  load(): Promise<Command>;
}

/** What `renorm` can do, in the order of its help. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  demo: {
    about: 'run a cloud and three devices on this machine: accuracy lost to a changed environment and won back',
    load: async () => (await import('./commands/demo.js')).demoCommand(),
  },
  eval: {
    about: 'try your models on your data: what adaptation wins and costs, and whether to deploy it',
    load: async () => (await import('./commands/eval.js')).evalCommand(),
  },
  inspect: {
    about:
      'list the layers and trainable parameters of an ONNX model, what would be trained and what stands in the way',
    load: async () => (await import('./commands/inspect.js')).inspectCommand(),
  },
  prepare: {
    about:
      'write a model that devices and clouds take as it is: open batch, fixed sizes, logits, statistics of folded layers',
    load: async () => (await import('./commands/prepare.js')).prepareCommand(),
  },
  cloud: {
    about: 'adapt an edge model for the devices that connect, with a foundation model as the teacher',
    load: async () => (await import('./commands/cloud.js')).cloudCommand(),
  },
  edge: {
    about:
      'predict the images of a folder as a device of a cohort, upload what is worth learning from, and take new versions',
    load: async () => (await import('./commands/edge.js')).edgeCommand(),
  },
  keys: {
    about: 'make keys, the roots that name them, and tokens',
    load: async () => (await import('./commands/keys.js')).keysCommand(),
  },
  rollback: {
    about: 'take a cohort back to an earlier version, while its cloud is stopped; without --to: list the versions',
    load: async () => (await import('./commands/rollback.js')).rollbackCommand(),
  },
  state: {
    about: 'say what of a data folder is whole, while its cloud is stopped',
    load: async () => (await import('./commands/state.js')).stateCommand(),
  },
  conformance: {
    about: 'try a cloud or a device of any make against the specification (docs/protocol.md)',
    load: async () => (await import('./commands/conformance.js')).conformanceCommand(),
  },
};
