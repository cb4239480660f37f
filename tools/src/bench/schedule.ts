import {
  type Batches,
  Cohorts,
  type LogView,
  MemoryStore,
  type Plan,
  type Strategy,
  type StrategyStep,
  TrainingLoop,
  type Work,
} from '@renorm/cloud/internal';
import { encodeSample, exportedVersion, type ParameterSet } from '@renorm/protocol';
import { inTurn, median, ratioText } from './measure.js';

const IDLE = 10_000;
/** In a round. */
const STEPS = 500;
const ROUNDS = 15;
const WARMUP = 2;
const SHAPE = [1];
const PARAMETERS: ParameterSet = new Map([['bn/beta', Float32Array.of(0, 0)]]);

/**
 * Steps per second of the loop beside 10,000 cohorts with nothing to do, against beside one, in turn. The strategy
 * computes next to nothing.
 */
export async function runScheduleBench(): Promise<void> {
  const beside = { many: await openLoop(IDLE), one: await openLoop(1) };
  const pairs = await inTurn(
    () => round(beside.many),
    () => round(beside.one),
    ROUNDS,
    WARMUP,
  );
  const perSecond = (times: readonly number[]): string => ((1000 * STEPS) / median(times)).toFixed(0);
  console.log(`Steps of one busy cohort, ${STEPS} a round, store in memory, no version published; processor time.\n`);
  console.log(
    '| beside 10,000 idle cohorts | beside one | time of the first / of the second | target |\n|---|---|---|---|',
  );
  console.log(`| ${perSecond(pairs.a)} steps/s | ${perSecond(pairs.b)} steps/s | ${ratioText(pairs)} | 1.05 |`);
}

interface OpenLoop {
  readonly cohorts: Cohorts;
  readonly loop: TrainingLoop;
}

/** A loop that has come to rest beside so many cohorts that have been trained on. */
async function openLoop(idle: number): Promise<OpenLoop> {
  const exported = exportedVersion(PARAMETERS);
  const cohorts = new Cohorts(new MemoryStore(), { exported });
  const loop = new TrainingLoop({
    ...{ strategy: new Counting(), cohorts, exported, sampleShape: SHAPE, classes: 2 },
    edgeLogits: async (_, { count }) => new Float32Array(count * 2),
    publishing: { everySteps: Number.POSITIVE_INFINITY, idleIntervalMs: Number.POSITIVE_INFINITY, divergence: 1 },
    clock: { now: () => performance.now(), date: () => 0 },
    onProblem(error) {
      throw error;
    },
  });
  for (let i = 0; i < idle; i++) await upload(cohorts, `idle-${i}`, 1, 1);
  await rest(loop);
  return { cohorts, loop };
}

let sequence = 0;

/** @returns milliseconds of the processor's time, which a busy machine does not stretch */
async function round({ cohorts, loop }: OpenLoop): Promise<number> {
  await upload(cohorts, 'busy', sequence + 1, STEPS);
  sequence += STEPS;
  const before = process.cpuUsage();
  await rest(loop);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

async function rest(loop: TrainingLoop): Promise<void> {
  while ((await loop.next()).kind === 'step');
}

const sample = encodeSample({ data: Float32Array.of(0), shape: SHAPE });

async function upload(cohorts: Cohorts, cohort: string, first: number, count: number): Promise<void> {
  const samples = Array.from({ length: count }, (_, i) => ({ ...sample, sequence: first + i }));
  await cohorts.append({ cohort, device: 'device-1', session: '0'.repeat(32), samples });
}

/** Makes a step of every sample, and counts. */
class Counting implements Strategy<number> {
  readonly name = 'counting';

  initial(): number {
    return 0;
  }

  work({ received, trained }: LogView): Work {
    return received > trained ? 'fresh' : 'none';
  }

  plan(state: number, { received, trained }: LogView): Plan<number> | undefined {
    if (received === trained) return undefined;
    return { kind: 'fresh', fresh: [trained], replay: [], trained: trained + 1, state };
  }

  async step({ state }: Plan<number>, { fresh }: Batches): Promise<StrategyStep<number>> {
    return { state: state + 1, steps: state + 1, parameters: PARAMETERS, samples: fresh.count };
  }

  restart(): number {
    return 0;
  }

  encode(state: number): Uint8Array {
    return Uint8Array.from(String(state), (digit) => Number(digit));
  }

  decode(bytes: Uint8Array): number {
    return Number(bytes.join(''));
  }

  keepFrom(trained: number): number {
    return trained;
  }

  async release(): Promise<void> {}
}
