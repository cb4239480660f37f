import { type OnnxModel, parseModel, readParameters, trainingModel } from '../index.js';
import { modelFile } from './fixtures.js';
import { meanEntropy } from './losses.js';
import { distance, type Feed, outputOf, run, vectors } from './runtime.js';

/** What models/zoo/patterns.py writes beside a pattern, as far as the tests read it. */
interface Recording {
  readonly input: { readonly shape: readonly number[]; readonly values: readonly number[] };
  readonly output: { readonly values: readonly number[] };
  readonly loss: { readonly value: number };
  readonly gradients: readonly { readonly layer: string; readonly role: string; readonly values: readonly number[] }[];
}

/** A model below models/patterns with PyTorch's gradients of its mean entropy. */
export interface Pattern {
  readonly model: OnnxModel;
  readonly input: Feed;
  readonly recording: Recording;
}

export function pattern(name: string): Pattern {
  const recording = JSON.parse(modelFile(`patterns/${name}.json`).toString()) as Recording;
  const { shape, values } = recording.input;
  const model = parseModel(modelFile(`patterns/${name}.onnx`), `${name}.onnx`);
  return { model, input: { data: Float32Array.from(values), dims: shape }, recording };
}

/** How far logits, loss and each gradient of a pattern's training graph lie from PyTorch's. */
export async function distances({ model, input, recording }: Pattern): Promise<Record<string, number>> {
  const training = trainingModel(model, meanEntropy);
  const results = await run(training.bytes, new Map([[training.input, input], ...vectors(readParameters(model))]));
  const own = [...training.gradients];
  return {
    logits: distance(outputOf(results, training.logits), recording.output.values),
    loss: distance(outputOf(results, training.loss), [recording.loss.value]),
    ...Object.fromEntries(
      recording.gradients.map(({ layer, role, values }, i) => {
        const [key = '', output = ''] = own[i] ?? [];
        return [`${layer} ${role}, ours ${key}`, distance(outputOf(results, output), values)];
      }),
    ),
  };
}
