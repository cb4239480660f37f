import { freeName } from '../model/free-name.js';
import { constantLookup, type OnnxModel } from '../model/model.js';
import { readFloats, tensorOfType } from '../model/tensor.js';
import { typeLookup } from '../model/type-lookup.js';
import { foldQuantized } from './fold-quantized.js';
import { attributeOf } from './graph-index.js';
import type { FoundLayer } from './layer.js';

/**
 * Puts a scale and a shift per channel into the weights and the bias of the convolution or linear layer before it:
 * gamma (W x + b) + beta = (gamma W) x + (gamma b + beta). Changes the model.
 *
 * @param gamma [channels]
 * @param beta [channels]
 * @param lookup the model's constants and types, where they are looked up for many layers
 */
export function foldScaleShift(
  model: OnnxModel,
  layer: FoundLayer,
  gamma: Float32Array,
  beta: Float32Array,
  { constant, typeOf } = { constant: constantLookup(model.graph), typeOf: typeLookup(model.graph) },
): void {
  const { node } = layer;
  const [weight, bias] = [constant(node.input[1] ?? ''), constant(node.input[2] ?? '')];
  const unbiased = (node.input[2] ?? '') === '';
  if (weight === undefined || (bias === undefined && !unbiased)) {
    foldQuantized(model, layer, gamma, beta);
    return;
  }
  const dims = weight.dims.map(Number);
  const values = readFloats(weight);
  const across = node.opType === 'Gemm' && (attributeOf(node, 'transB')?.i ?? 0n) === 0n;
  // Elements that one channel's weights have before the next channel's begin; 1 where channels lie across the rows.
  const stride = across ? 1 : values.length / layer.channels;
  const scaled = values.map((value, i) => value * (gamma[Math.floor(i / stride) % layer.channels] as number));
  // A Gemm multiplies its bias by an attribute, which may be 0; the shift must come out as it is.
  const factor = node.opType === 'Gemm' ? (attributeOf(node, 'beta')?.f ?? 1) : 1;
  node.attribute = node.attribute.filter(({ name }) => node.opType !== 'Gemm' || name !== 'beta');
  const offsets = bias === undefined ? new Float32Array(1) : readFloats(bias);
  const shifted = beta.map(
    (shift, i) => shift + factor * (gamma[i] as number) * (offsets[i % offsets.length] as number),
  );
  const [weightName, biasName] = ['weight', 'bias'].map((role) => freeName(model.graph, `${layer.name}/${role}`)) as [
    string,
    string,
  ];
  const type = typeOf(node.input[1] ?? '');
  model.graph.initializer.push(
    tensorOfType(type, weightName, dims, scaled),
    tensorOfType(type, biasName, [layer.channels], shifted),
  );
  node.input[1] = weightName;
  node.input[2] = biasName;
}
