import { readParameters } from '@renorm/onnx';
import { type EvalMethod, inBatches, NEEDS_NOTHING } from '../methods/eval-method.js';
import { anchorTo, fisherInformation } from './fisher.js';
import { minimiser, type Weighing } from './minimiser.js';
import { isSmall } from './optimizers.js';
import { cosine, meanRow, softmaxRows } from './rows.js';

/** Steps after which RDumb begins anew, on every data set (section 4 of the paper). */
const RDUMB_STEPS = 1000;
/**
 * What the penalty weighs: of EATA's published code for ImageNet, and of the benchmark of Doebler et al. (CVPR 2023)
 * for CIFAR-10.
 */
const [LARGE_PENALTY, SMALL_PENALTY] = [2000, 1];

/**
 * Tent: the mean entropy of each batch goes down, by the affines of layers that normalise by the batch; predictions are
 * those before the step.
 */
export const tent: EvalMethod = {
  about: 'entropy of each batch, minimised by the affines',
  paper: 'Wang et al., Tent, ICLR 2021',
  needs: { ...NEEDS_NOTHING, batches: true, gradients: true },
  open: async (context) =>
    inBatches(
      await minimiser(context, {
        weighing: () => (logits, classes) => new Float32Array(logits.length / classes).fill(1),
      }),
      context.batch,
    ),
};

/** EATA without its Fisher term, as ETA in the paper: sure samples alone, unlike those before, the surer the more. */
export const eta: EvalMethod = {
  about: 'entropy of sure samples unlike those before, minimised by the affines (EATA without its Fisher term)',
  paper: 'Niu et al., EATA, ICML 2022',
  needs: { ...NEEDS_NOTHING, batches: true, gradients: true },
  open: async (context) => inBatches(await minimiser(context, { weighing: etaWeighing }), context.batch),
};

/** EATA: as ETA, with a penalty for leaving the exported parameters, the more the more they matter on clean images. */
export const eata: EvalMethod = {
  about: 'as eta, held near the exported affines where these matter on clean images (Fisher information)',
  paper: 'Niu et al., EATA, ICML 2022',
  needs: { ...NEEDS_NOTHING, batches: true, gradients: true, clean: true },
  async open(context) {
    const { edge, sampleShape } = context.models;
    const penalty = isSmall(sampleShape) ? SMALL_PENALTY : LARGE_PENALTY;
    const anchor = anchorTo(readParameters(edge), await fisherInformation(context), penalty);
    return inBatches(await minimiser(context, { weighing: etaWeighing, anchor }), context.batch);
  },
};

/** RDumb: as ETA, from the exported model anew every 1,000 batches. */
export const rdumb: EvalMethod = {
  about: 'as eta, from the exported model anew every 1,000 batches',
  paper: 'Press et al., RDumb, NeurIPS 2023',
  needs: { ...NEEDS_NOTHING, batches: true, gradients: true },
  open: async (context) =>
    inBatches(await minimiser(context, { weighing: etaWeighing, resetEvery: RDUMB_STEPS }), context.batch),
};

/**
 * Weights of ETA (equations 2 to 5): exp(E0 - H) below E0 = 0.4 ln C, where the cosine similarity to the moving mean
 * (0.9) of the probabilities taken so far is below d, 0.05, for up to 10 classes 0.4; else 0.
 */
export function etaWeighing(): Weighing {
  let mean: Float64Array | undefined;
  return (logits, classes) => {
    const [ceiling, margin] = [0.4 * Math.log(classes), classes <= 10 ? 0.4 : 0.05];
    const rows = softmaxRows(logits, classes);
    const before = mean;
    const weights = Float32Array.from(rows, ({ probabilities, entropy }) =>
      entropy < ceiling && (before === undefined || cosine(before, probabilities) < margin)
        ? Math.exp(ceiling - entropy)
        : 0,
    );
    const taken = rows.filter((_, i) => (weights[i] as number) > 0);
    if (taken.length > 0) {
      const fresh = meanRow(taken.map(({ probabilities }) => probabilities));
      mean = before === undefined ? fresh : before.map((value, c) => 0.9 * value + 0.1 * (fresh[c] as number));
    }
    return weights;
  };
}
