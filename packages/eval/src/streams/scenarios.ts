import { RenormError } from '@renorm/protocol';
import { dirichletOrder, draw, oneClass, sortedByClass } from './orders.js';
import { CLEAN, environmentName, type Pool, type Stream, type StreamItem } from './stream.js';

/** What streams are made of. */
export interface StreamSetup {
  /** One for each environment, in the order in which a stream without reset meets them. */
  readonly pools: readonly Pool[];
  /** Images of each environment, at most. */
  readonly count: number;
  readonly seed: number;
}

type Scenario = (setup: StreamSetup, argument: number) => Stream[];

/** How often a recurring stream comes back to each environment. */
const VISITS = 3;
/** Continual adaptation with gradually changing severity (Wang et al., CoTTA, CVPR 2022). */
const RAMP = [1, 2, 3, 4, 5, 4, 3, 2, 1];

/** A stream for each environment, whose images, drawn alike for all, an order puts in place. */
function forEach(
  kind: string,
  order: (images: number[], pool: Pool, seed: number) => number[],
  batch?: number,
): Scenario {
  return ({ pools, count, seed }) =>
    pools.map((pool) => ({
      name: `${environmentName(pool.environment)}${kind === 'reset' ? '' : ` ${kind}`}`,
      kind,
      environments: [pool.environment],
      items: order(draw(pool.count, count, seed), pool, seed).map((image) => ({ environment: 0, image })),
      ...(batch !== undefined && { batch }),
    }));
}

const SCENARIOS: Readonly<Record<string, { readonly about: string; readonly make: Scenario }>> = {
  reset: { about: 'each environment by itself, from the exported model', make: forEach('reset', (images) => images) },
  continual: {
    about: 'one environment after the other, without a reset',
    make: (setup) => [oneStream('continual', setup, stretches(setup))],
  },
  mixed: { about: 'all environments at once, in random order', make: mixed },
  gradual: { about: 'each corruption from severity 1 to 5 and back, one after the other', make: gradual },
  recurring: { about: `all environments in turn, ${VISITS} times`, make: recurring },
  dirichlet: {
    about: 'labels correlated in time, as in dirichlet:0.1 and dirichlet:1',
    make: (setup, delta) =>
      forEach(`dirichlet:${delta}`, (images, pool, seed) => dirichletOrder(images, pool, delta, seed))(setup, delta),
  },
  sorted: { about: 'class after class', make: forEach('sorted', sortedByClass) },
  'one-class': { about: 'the most frequent class alone', make: forEach('one-class', oneClass) },
  'batch-1': {
    about: 'as reset, and methods that want batches get one image at a time',
    make: forEach('batch-1', (images) => images, 1),
  },
};

/** Names and what they mean, for who chooses. */
export const STREAM_KINDS: readonly { readonly name: string; readonly about: string }[] = Object.entries(SCENARIOS).map(
  ([name, { about }]) => ({ name, about }),
);

/**
 * The streams of a kind.
 *
 * @param kind one of STREAM_KINDS; `dirichlet` with its concentration behind a colon
 * @throws RenormError REQUEST_INVALID: no such kind, or it needs labels or corruptions that are not there
 */
export function streamsOf(kind: string, setup: StreamSetup): Stream[] {
  const [name = '', argument, ...rest] = kind.split(':');
  const scenario = Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined;
  const delta = argument === undefined ? 0.1 : Number(argument);
  if (scenario === undefined || rest.length > 0 || (argument !== undefined && name !== 'dirichlet') || !(delta > 0))
    throw new RenormError(
      'REQUEST_INVALID',
      `--stream ${kind}: there is ${Object.keys(SCENARIOS).join(', ')}; dirichlet takes a concentration above 0, as in dirichlet:0.1.`,
    );
  return scenario.make(setup, delta);
}

/** Different images of each environment, environment after environment. */
const stretches = ({ pools, count, seed }: StreamSetup): StreamItem[] =>
  pools.flatMap((pool, environment) =>
    draw(pool.count, count, seed, environment).map((image) => ({ environment, image })),
  );

const oneStream = (kind: string, { pools }: StreamSetup, items: readonly StreamItem[]): Stream => ({
  ...{ name: kind, kind, items },
  environments: pools.map(({ environment }) => environment),
});

function mixed(setup: StreamSetup): Stream[] {
  const items = stretches(setup);
  return [
    oneStream(
      'mixed',
      setup,
      draw(items.length, items.length, 'mixed', setup.seed).map((i) => items[i] as StreamItem),
    ),
  ];
}

function recurring(setup: StreamSetup): Stream[] {
  const items = stretches(setup);
  const visits = Array.from({ length: VISITS }, (_, visit) =>
    setup.pools.flatMap((_, environment) => {
      const own = items.filter((item) => item.environment === environment);
      return own.slice(Math.floor((visit * own.length) / VISITS), Math.floor(((visit + 1) * own.length) / VISITS));
    }),
  );
  return [oneStream('recurring', setup, visits.flat())];
}

/** Every severity is made of the images as they are. */
function gradual({ pools, count, seed }: StreamSetup): Stream[] {
  const corruptions = [...new Set(pools.flatMap(({ environment }) => environment.corruption ?? []))];
  const clean = pools.find(({ environment }) => environment.corruption === undefined);
  if (corruptions.length === 0 || clean === undefined)
    throw new RenormError(
      'REQUEST_INVALID',
      '--stream gradual needs corruptions that are made here, of all severities; add --corrupt, on data that are as they are.',
    );
  const environments = [
    CLEAN,
    ...corruptions.flatMap((corruption) => [1, 2, 3, 4, 5].map((severity) => ({ corruption, severity }))),
  ];
  const items = corruptions.flatMap((_, c) => {
    const images = draw(clean.count, count, seed, c);
    return images.map((image, i) => {
      const severity = RAMP[Math.floor((i * RAMP.length) / images.length)] as number;
      return { environment: 1 + c * 5 + severity - 1, image };
    });
  });
  return [{ name: 'gradual', kind: 'gradual', environments, items }];
}
