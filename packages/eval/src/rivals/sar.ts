import type { Batch } from '@renorm/cloud/internal';
import { normalizationLayers, type OnnxModel, parameterKeys, readParameters } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';
import { type EvalMethod, inBatches, type MethodContext, NEEDS_NOTHING, type Rival } from '../methods/eval-method.js';
import { learner } from './learner.js';
import { WEIGHTS, weightedEntropy } from './losses.js';
import { overThoseThatCount } from './minimiser.js';
import { isSmall, sgd } from './optimizers.js';
import { softmaxRows } from './rows.js';

/** Entropy below this share of ln C is reliable (equation 2). */
const CEILING = 0.4;
/** How far the parameters climb before the gradient is taken (equation 4). */
const RADIUS = 0.05;
/** The model begins anew when the moving mean of the loss is below it (section 3.3). */
const COLLAPSED = 0.2;
/** Of the published code: for ImageNet and batches of 64, and of the benchmark of Doebler et al. for CIFAR. */
const [LARGE_RATE, SMALL_RATE] = [0.00025, 0.001];
/**
 * The published code leaves out the last stage of a ResNet and the last 3 of 12 blocks of a ViT: about a quarter of the
 * layers.
 */
const FROZEN = 0.25;

/** SAR: the entropy of sure samples goes down where the loss is flat, and a model that collapses begins anew. */
export const sar: EvalMethod = {
  about: 'entropy of sure samples, minimised by the affines where the loss is flat; a model that collapses begins anew',
  paper: 'Niu et al., SAR, ICLR 2023',
  needs: { ...NEEDS_NOTHING, batches: true, gradients: true },
  open: async (context) => inBatches(await sharpnessAware(context), context.batch),
};

/** What is found out while it runs, for who watches. */
export interface SarOptions {
  readonly collapsed?: number;
  onReset?(): void;
}

export async function sharpnessAware(
  context: MethodContext,
  { collapsed = COLLAPSED, onReset }: SarOptions = {},
): Promise<Rival> {
  const { edge, sampleShape, classes } = context.models;
  const opened = await learner(context, weightedEntropy);
  const keys = lowerKeys(edge);
  const ceiling = CEILING * Math.log(classes);
  const start = () => ({
    ...{ parameters: readParameters(edge), loss: undefined as number | undefined },
    optimizer: sgd(isSmall(sampleShape) ? SMALL_RATE : LARGE_RATE),
  });
  let state = start();
  /** Gradients of the mean entropy of some samples; undefined where there are none. */
  const gradients = async (parameters: ParameterSet, batch: Batch, among: Float32Array) => {
    const measured = await opened.measure(parameters, batch);
    const entropies = softmaxRows(measured.logits, classes).map(({ entropy }) => entropy);
    const sure = among.map((weight, i) => (weight > 0 && (entropies[i] as number) < ceiling ? 1 : 0));
    const weights = overThoseThatCount(sure);
    if (weights === undefined) return { logits: measured.logits };
    const all = await opened.gradients(measured, batch, new Map([[WEIGHTS, weights]]));
    const loss = weights.reduce((sum, weight, i) => sum + weight * (entropies[i] as number), 0) / batch.count;
    return { logits: measured.logits, sure, loss, found: new Map([...all].filter(([key]) => keys.has(key))) };
  };
  return {
    async step(batch) {
      const { parameters, optimizer } = state;
      const first = await gradients(parameters, batch, new Float32Array(batch.count).fill(1));
      if (first.found === undefined) return first.logits;
      const second = await gradients(climbed(parameters, first.found), batch, first.sure);
      if (second.found === undefined) return first.logits;
      const loss = state.loss === undefined ? second.loss : 0.9 * state.loss + 0.1 * second.loss;
      state = { ...state, loss, parameters: optimizer.step(parameters, second.found) };
      if (loss < collapsed) {
        state = start();
        onReset?.();
      }
      return first.logits;
    },
    close: () => opened.close(),
  };
}

/** Parameters of all layers but the last quarter. */
function lowerKeys(model: OnnxModel): Set<string> {
  const layers = normalizationLayers(model);
  return new Set(layers.slice(0, Math.ceil((1 - FROZEN) * layers.length)).flatMap(parameterKeys));
}

/** The way up the loss, of length RADIUS in all. */
export function climbed(parameters: ParameterSet, gradients: ParameterSet): ParameterSet {
  let squares = 0;
  for (const gradient of gradients.values()) for (const g of gradient) squares += g * g;
  const scale = RADIUS / (Math.sqrt(squares) + 1e-12);
  const moved = new Map(parameters);
  for (const [key, gradient] of gradients)
    moved.set(
      key,
      (parameters.get(key) as Float32Array).map((value, i) => value + scale * (gradient[i] as number)),
    );
  return moved;
}
