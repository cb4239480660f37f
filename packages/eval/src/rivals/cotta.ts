import { moveTowards } from '@renorm/cloud/internal';
import { readParameters } from '@renorm/onnx';
import { type ParameterSet, seededRandom } from '@renorm/protocol';
import { type EvalMethod, inBatches, type MethodContext, NEEDS_NOTHING, type Rival } from '../methods/eval-method.js';
import { augmenting } from './augmented.js';
import { learner } from './learner.js';
import { crossEntropyLoss, TARGETS } from './losses.js';
import { isSmall, publishedOptimizer } from './optimizers.js';
import { meanRow, softmaxRows } from './rows.js';

/** The way of the teacher to the student after each step (equation 2). */
export const TEACHER_SHARE = 0.001;
/** Views that the teacher's prediction is the mean of, where the exported model is not sure (equation 4). */
const VIEWS = 32;
/** The chance of each parameter to be the exported one again (equation 8): for CIFAR, and for ImageNet. */
const [SMALL_RESTORE, LARGE_RESTORE] = [0.01, 0.001];
const LARGE_RATE = 0.01;

/**
 * Below this mean confidence of the exported model views are averaged: of the published code for 10, 100 and 1,000
 * classes.
 */
const confidenceFloor = (classes: number): number => (classes <= 10 ? 0.92 : classes <= 100 ? 0.72 : 0.1);

/** CoTTA: a student learns from the mean of its own past, which predicts; now and then a parameter is set back. */
export const cotta: EvalMethod = {
  about:
    'a moving mean of the affines teaches them, by the mean of 32 views where the exported model is unsure, and predicts; some are set back at random',
  paper: 'Wang et al., CoTTA, CVPR 2022',
  needs: { ...NEEDS_NOTHING, batches: true, gradients: true },
  open: async (context) => inBatches(await continual(context, {}), context.batch),
};

/** What the paper's ablations turn off. */
export interface CottaOptions {
  readonly restore?: number;
  readonly views?: number;
  /** Sees the student's parameters after each step. */
  onStep?(student: ParameterSet): void;
}

export async function continual(context: MethodContext, options: CottaOptions): Promise<Rival> {
  const { edge, sampleShape, classes } = context.models;
  const { restore = isSmall(sampleShape) ? SMALL_RESTORE : LARGE_RESTORE, views = VIEWS, onStep } = options;
  const opened = await learner(context, crossEntropyLoss(classes));
  const random = seededRandom(context.seed);
  const augment = augmenting(context, random);
  const exported = readParameters(edge);
  const optimizer = publishedOptimizer(sampleShape, LARGE_RATE);
  let [student, teacher] = [exported, exported];
  return {
    async step(batch) {
      const measured = await opened.measure(student, batch);
      const anchor = softmaxRows((await opened.measure(exported, batch)).logits, classes);
      const confidence = anchor.reduce((sum, { probabilities }) => sum + Math.max(...probabilities), 0) / batch.count;
      let taught = (await opened.measure(teacher, batch)).logits;
      if (confidence < confidenceFloor(classes) && views > 0) {
        const seen: Float32Array[] = [];
        for (let i = 0; i < views; i++) seen.push((await opened.measure(teacher, augment(batch))).logits);
        taught = Float32Array.from(meanRow(seen));
      }
      const gradients = await opened.gradients(measured, batch, new Map([[TARGETS, taught]]));
      student = optimizer.step(student, gradients);
      teacher = moveTowards(teacher, student, TEACHER_SHARE);
      student = restored(student, exported, gradients.keys(), () => random() < restore);
      onStep?.(student);
      return taught;
    },
    close: () => opened.close(),
  };
}

/** Some of the parameters as exported, the others as they are. */
function restored(
  parameters: ParameterSet,
  exported: ParameterSet,
  keys: Iterable<string>,
  isRestored: () => boolean,
): ParameterSet {
  const mixed = new Map(parameters);
  for (const key of keys) {
    const origin = exported.get(key) as Float32Array;
    mixed.set(
      key,
      (parameters.get(key) as Float32Array).map((value, i) => (isRestored() ? (origin[i] as number) : value)),
    );
  }
  return mixed;
}
