import { STRATEGY_NAMES, type StrategyName } from '@renorm/cloud';
import { needsFoundation } from '@renorm/cloud/internal';
import type { SelectionChoice } from '@renorm/edge';
import { adaptedStream } from './adapted-stream.js';
import { type EvalMethod, type MethodMoment, NEEDS_NOTHING } from './eval-method.js';
import { openMethod } from './open-method.js';

/** Of the strategies that are named here; others are told by their name alone. */
const ABOUT: Readonly<Record<string, readonly [about: string, paper: string]>> = {
  cema: ['entropy on the foundation model, distillation into the edge model', 'Chen et al., CEMA, ICLR 2024'],
  statistics: [
    'pooled statistics of uploads, shrunk to those of the exported model',
    'Schneider et al., NeurIPS 2020; docs/method.md',
  ],
  renorm: ['what renorm ships', 'docs/method.md'],
};

/**
 * A strategy of the cloud behind a policy of the device, as they ship: schedule, gate, records and messages are those
 * of a cloud.
 */
export function strategyMethod(strategy: StrategyName, selection: SelectionChoice | undefined): EvalMethod {
  const [about, paper] = ABOUT[strategy] ?? [`the strategy ${strategy}`, ''];
  return {
    about,
    paper,
    needs: { ...NEEDS_NOTHING, cloud: true, foundation: needsFoundation(strategy) },
    async open({ models, link, cohort }) {
      const training = await openMethod({ models, strategy, gate: undefined });
      async function* run(inputs: AsyncIterable<Float32Array>): AsyncGenerator<MethodMoment> {
        const setup = { training, cohort, link, samplesPerUpload: 1, ...(selection !== undefined && { selection }) };
        for await (const moment of adaptedStream(setup, inputs)) {
          const { logits, kept, reason, bytesUp, bytesDown, running } = moment;
          yield { logits, bytesUp, bytesDown, version: running.number, ...(kept && { uploaded: reason }) };
        }
      }
      return { run, close: () => training.close() };
    },
  };
}

export const isStrategy = (name: string): name is StrategyName => (STRATEGY_NAMES as readonly string[]).includes(name);
