import { type OnnxModel, parseModel } from '../index.js';
import { modelFile } from './fixtures.js';
import type { Feed, Tokens } from './runtime.js';

/** A gradient of PyTorch's, in the order in which its layers run. */
export interface Entry {
  readonly layer: string;
  /** PyTorch's class: BatchNorm2d. */
  readonly kind: string;
  /**
   * Whether the layer was folded into a convolution or linear layer: then it is the gradient of a scale or shift behind
   * that.
   */
  readonly folded: boolean;
  readonly role: 'gamma' | 'beta';
  readonly values: readonly number[];
}

/** A model of models/patterns with what PyTorch computes from one input, in float64. */
export interface Pattern {
  readonly model: OnnxModel;
  readonly input: Feed | Tokens;
  readonly logits: readonly number[];
  readonly loss: number;
  /** Of the normalizations. The file has those of biases of convolutions too, which are no layers. */
  readonly entries: readonly Entry[];
}

export function readPattern(name: string): Pattern {
  const { input, output, loss, gradients } = JSON.parse(modelFile(`patterns/${name}.json`).toString());
  return {
    model: parseModel(modelFile(`patterns/${name}.onnx`), `${name}.onnx`, { externalData: weights }),
    input: { data: numbers(input), dims: input.shape } as Feed | Tokens,
    logits: output.values,
    loss: loss.value,
    entries: (gradients as readonly Entry[]).filter(({ kind, folded }) => folded || !kind.startsWith('Conv')),
  };
}

const numbers = ({ dtype, values }: { dtype: string; values: readonly number[] }): Float32Array | BigInt64Array =>
  dtype === 'int64' ? BigInt64Array.from(values, BigInt) : Float32Array.from(values);

const weights = (location: string, offset: number, length?: number): Uint8Array =>
  modelFile(`patterns/${location}`).subarray(offset, length === undefined ? undefined : offset + length);
