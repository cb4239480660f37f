import type { StrategyName } from '@renorm/cloud';
import { type Gate, MemoryStore, type Models, openTraining } from '@renorm/cloud/internal';
import { encodeSample, type ParameterSet } from '@renorm/protocol';

/** What a device sends. */
export interface Upload {
  readonly device: string;
  readonly data: Float32Array;
}

export interface CohortSetup {
  readonly models: Models;
  readonly strategy: StrategyName;
  readonly threads: number;
  readonly gate?: Gate;
}

/** The version in force after so many uploads, and what the gate refused until then. */
export interface Standing {
  readonly parameters: ParameterSet;
  readonly refused: number;
}

/**
 * Runs the shipped loop over a store in memory.
 *
 * @param at numbers of uploads after which the version in force is asked for, rising
 */
export async function runCohort(
  setup: CohortSetup,
  uploads: readonly Upload[],
  at: readonly number[],
): Promise<Standing[]> {
  const { models, strategy, threads, gate } = setup;
  const adaptation = { idleReplay: false };
  const training = await openTraining({
    ...{ models, strategy, threads, adaptation, store: new MemoryStore() },
    ...(gate && { gate }),
  });
  const { cohorts, loop, exported } = training;
  const standings: Standing[] = [];
  const sequences = new Map<string, number>();
  let refused = 0;
  for (const [i, { device, data }] of uploads.entries()) {
    const sequence = (sequences.get(device) ?? 0) + 1;
    sequences.set(device, sequence);
    const sample = { ...encodeSample({ data, shape: models.sampleShape }), sequence };
    await cohorts.append({ cohort: 'robust', device, session: '0'.repeat(32), samples: [sample] });
    for (let outcome = await loop.next(); outcome.kind === 'step'; outcome = await loop.next()) {
      const { verdict } = outcome.report;
      if (verdict !== undefined && verdict.decision !== 'publish') refused += 1;
    }
    if (!at.includes(i + 1)) continue;
    const { parameters } = (await cohorts.latest('robust')) ?? exported;
    standings.push({ parameters, refused });
  }
  await training.close();
  return standings;
}
