import { moveTowards } from '@renorm/cloud/internal';
import { readParameters } from '@renorm/onnx';
import { seededRandom } from '@renorm/protocol';
import { type EvalMethod, inBatches, type MethodContext, NEEDS_NOTHING, type Rival } from '../methods/eval-method.js';
import { augmenting } from './augmented.js';
import { TEACHER_SHARE } from './cotta.js';
import { added } from './gradients.js';
import { learner } from './learner.js';
import { symmetricLoss, TARGETS, WEIGHTS } from './losses.js';
import { publishedOptimizer } from './optimizers.js';

const LARGE_RATE = 0.01;

/**
 * RMT, its symmetric cross-entropy alone: student and teacher agree on a batch and on another view of it, and predict
 * together.
 */
export const rmt: EvalMethod = {
  about:
    'a moving mean of the affines teaches them by symmetric cross-entropy, on the batch and on a view of it; both predict (without its contrastive term and its replay of training data)',
  paper: 'Doebler et al., RMT, CVPR 2023',
  needs: { ...NEEDS_NOTHING, batches: true, gradients: true },
  open: async (context) => inBatches(await robustMeanTeacher(context), context.batch),
};

export async function robustMeanTeacher(context: MethodContext): Promise<Rival> {
  const { edge, sampleShape, classes } = context.models;
  const opened = await learner(context, symmetricLoss(classes));
  const augment = augmenting(context, seededRandom(context.seed));
  const exported = readParameters(edge);
  const optimizer = publishedOptimizer(sampleShape, LARGE_RATE);
  let [student, teacher] = [exported, exported];
  return {
    async step(batch) {
      const view = augment(batch);
      const [own, seen] = [await opened.measure(student, batch), await opened.measure(student, view)];
      const taught = (await opened.measure(teacher, batch)).logits;
      // Both halves of the loss count alike.
      const targets = new Map([
        [TARGETS, taught],
        [WEIGHTS, new Float32Array(batch.count).fill(0.5)],
      ]);
      const gradients = added(await opened.gradients(own, batch, targets), await opened.gradients(seen, view, targets));
      student = optimizer.step(student, gradients);
      teacher = moveTowards(teacher, student, TEACHER_SHARE);
      return own.logits.map((logit, i) => logit + (taught[i] as number));
    },
    close: () => opened.close(),
  };
}
