import { trainingModel } from '@renorm/onnx';
import { nextDraw, type ParameterSet, RenormError } from '@renorm/protocol';
import { rowsOf } from '../../models/batch.js';
import type { ModelPair } from '../../models/model-facts.js';
import { sgdStep } from '../../models/optimizer.js';
import { ParametricSession, TrainingSession } from '../../models/session.js';
import { predictions } from '../../publication/evidence.js';
import { isHeldOut } from '../../publication/held-out.js';
import { distillationLoss, TARGET_LOGITS } from '../cema/losses.js';
import { ADAPTATION_DEFAULTS } from '../cema/options.js';
import type { Pool } from '../statistics/statistics.js';
import { withAffines } from './affines.js';
import { chooseFrom, type Judged } from './candidates.js';
import type { RenormOptions } from './options.js';
import { Teacher } from './teacher.js';

/** Fewer samples than these choose nothing: then all of the pool does, what is learnt from included. */
const FEWEST_CHOOSE = 6;

/**
 * Whether no gradient is taken on the sample at a position, so that it can choose: one of five, and not those that the
 * gate judges by.
 */
const choosesAt = (position: number): boolean => isHeldOut(~position);

/** What the distillation came to. */
export interface Distilled {
  readonly chosen: Judged;
  /** Where the next one begins. */
  readonly eager: ParameterSet;
  /** Of the last gradient step. */
  readonly loss: number;
}

/**
 * Teaches the edge model's affines what the foundation model says of a pool, with the statistics of both held fixed.
 */
export class Distiller {
  readonly #options: RenormOptions;
  readonly #classes: number;
  readonly #teacher: Teacher;
  readonly #training: TrainingSession;
  readonly #edge: ParametricSession;

  private constructor(
    options: RenormOptions,
    classes: number,
    sessions: readonly [Teacher, TrainingSession, ParametricSession],
  ) {
    this.#options = options;
    this.#classes = classes;
    [this.#teacher, this.#training, this.#edge] = sessions;
  }

  /** @throws OnnxError */
  static async open(models: ModelPair, options: RenormOptions, threads: number): Promise<Distiller> {
    const { edge, foundation, foundationShape, view, sampleShape, classes } = models;
    const graph = trainingModel(edge, distillationLoss(classes, ADAPTATION_DEFAULTS), { statistics: 'held' });
    return new Distiller(options, classes, [
      await Teacher.open(foundation, foundationShape, { threads }, view),
      await TrainingSession.create(graph, sampleShape, { threads }),
      await ParametricSession.create(edge, sampleShape, { threads }),
    ]);
  }

  /**
   * Some gradient steps, and the choice between what they led to and what needs none.
   *
   * @param settled parameters of the edge model with the statistics of the pool
   * @param from where scale and shift begin
   * @param exported of the edge model
   * @param seed of what is drawn
   * @throws RenormError TRAINER_FAILED: a value that is not finite came out
   */
  async distil(
    { samples, weights, prior }: Pool,
    settled: ParameterSet,
    from: ParameterSet,
    exported: ParameterSet,
    seed: number,
  ): Promise<Distilled> {
    const logits = await this.#teacher.logits(samples, weights, prior);
    const rows = [...samples.origins.keys()];
    const apart = rows.filter((row) => choosesAt(samples.origins[row]?.position ?? 0));
    const enough = apart.length >= FEWEST_CHOOSE;
    const choosing = enough ? apart : rows;
    const learning = enough ? rows.filter((row) => !apart.includes(row)) : rows;
    const { parameters: eager, loss } = await this.#learn(
      withAffines(settled, from),
      learning,
      { samples, weights, logits },
      seed,
    );
    const batch = rowsOf(samples, choosing);
    const judged = async (name: Judged['name'], parameters: ParameterSet): Promise<Judged> => ({
      ...{ name, parameters },
      predicted: predictions(await this.#edge.logits(parameters, batch), this.#classes),
    });
    const taught = predictions(logits, this.#classes);
    const chosen = chooseFrom(
      [
        await judged('source', exported),
        await judged('statistics', settled),
        await judged('half', withAffines(settled, eager, 0.5)),
        await judged('distilled', eager),
      ],
      choosing.map((row) => taught[row] as Float64Array),
      Float64Array.from(choosing, (row) => weights[row] as number),
      this.#options,
    );
    return { chosen, eager, loss };
  }

  async release(): Promise<void> {
    await Promise.all([this.#teacher.release(), this.#training.release(), this.#edge.release()]);
  }

  async #learn(
    start: ParameterSet,
    rows: readonly number[],
    { samples, weights, logits }: Pick<Pool, 'samples' | 'weights'> & { readonly logits: Float32Array },
    seed: number,
  ): Promise<{ readonly parameters: ParameterSet; readonly loss: number }> {
    const { steps, batch } = this.#options;
    let [parameters, velocities, random, loss] = [start, new Map() as ParameterSet, seed, 0];
    for (let step = 0; step < steps; step++) {
      const drawn: number[] = [];
      while (drawn.length < batch) {
        const { value, state } = nextDraw(random);
        random = state;
        drawn.push(drawnRow(rows, weights, value));
      }
      const targets = rowsOf({ data: logits, count: samples.count }, drawn).data;
      const result = await this.#training.run(parameters, rowsOf(samples, drawn), new Map([[TARGET_LOGITS, targets]]));
      ({ parameters, velocities } = sgdStep(parameters, velocities, result.gradients, this.#options));
      loss = result.loss;
    }
    const broken = [...parameters].find(([, values]) => !values.every(Number.isFinite));
    if (broken === undefined && Number.isFinite(loss)) return { parameters, loss };
    throw new RenormError(
      'TRAINER_FAILED',
      `the distillation gave a value that is not finite (loss ${loss}, "${broken?.[0] ?? 'none of the parameters'}"); the step was dropped.`,
    );
  }
}

/** One of the rows, the likelier the more its sample counts. @param value drawn from 0 to 1 */
function drawnRow(rows: readonly number[], weights: Float64Array, value: number): number {
  const at = (row: number): number => weights[row] as number;
  let left = value * rows.reduce((sum, row) => sum + at(row), 0);
  for (const row of rows) {
    left -= at(row);
    if (left <= 0) return row;
  }
  return rows.at(-1) as number;
}
