import { OnnxError } from './errors.js';
import { findLayers, requireLayers } from './layers/find-layers.js';
import { foldScaleShift } from './layers/fold.js';
import { type FoundLayer, type ParameterSet, parameterKey, parameterKeys } from './layers/layer.js';
import { readBy } from './model/bodies.js';
import { freeName } from './model/free-name.js';
import { checkModel, constantLookup, copyProto, type OnnxModel } from './model/model.js';
import { typeOf } from './model/node.js';
import { tensorOfType } from './model/tensor.js';
import { typeLookup } from './model/type-lookup.js';

/** The parameters as exported: copies. @throws OnnxError ONNX_NO_NORMALIZATION */
export function readParameters(model: OnnxModel): ParameterSet {
  const entries = requireLayers(model).flatMap((layer) =>
    layer.parameters.map(({ role, values }) => [parameterKey(layer, role), values.slice()] as const),
  );
  return new Map(entries);
}

/**
 * A model with other parameters baked in as constants, so that it runs at the speed of the original. A scale and shift
 * that stands behind a convolution goes into the convolution's weights, or, where these are quantized, into their
 * scales. What the model keeps in float16 is rounded to float16, to nearest.
 *
 * @throws OnnxError ONNX_PARAMETER_MISMATCH: a missing or unknown name, another length, a value that is not finite;
 *   ONNX_UNSUPPORTED: a value too large for the model's float16
 */
export function withParameters(model: OnnxModel, parameters: ParameterSet): OnnxModel {
  checkParameters(model, requireLayers(model), parameters);
  const { proto, graph } = copyProto(model);
  const copy = checkModel(proto, model.name);
  const lookup = { constant: constantLookup(graph), typeOf: typeLookup(graph) };
  for (const layer of findLayers(copy)) {
    const values = (role: 'gamma' | 'beta'): Float32Array => parameters.get(parameterKey(layer, role)) as Float32Array;
    if (layer.kind === 'ScaleShift') foldScaleShift(copy, layer, values('gamma'), values('beta'), lookup);
    for (const { role, dims, at } of layer.parameters) {
      if (at === undefined) continue;
      const key = parameterKey(layer, role);
      // A tensor of its own for every layer: exporters let layers share equal ones.
      const type = lookup.typeOf(at.node.input[at.index] ?? '');
      const name = freeName(graph, key);
      graph.initializer.push(tensorOfType(type, name, dims, parameters.get(key) as Float32Array));
      at.node.input[at.index] = name;
    }
  }
  dropUnused(copy);
  return checkModel(proto, model.name);
}

/** Operators that exporters put between a constant and what reads it. */
const CONSTANT_READERS: ReadonlySet<string> = new Set(['Identity', 'DequantizeLinear']);

/** Takes out initializers, and Identity and DequantizeLinear nodes, that nothing reads any more. */
export function dropUnused(model: OnnxModel): void {
  const { graph } = model;
  const outputs = graph.output.map((output) => output.name);
  const allRead = () => new Set([...outputs, ...graph.node.flatMap(readBy)]);
  let read = allRead();
  graph.node = graph.node.filter(
    (node) => !CONSTANT_READERS.has(typeOf(node)) || node.output.some((output) => read.has(output)),
  );
  read = allRead();
  graph.initializer = graph.initializer.filter((tensor) => read.has(tensor.name));
  graph.input = graph.input.filter((input) => input.name === model.input.name || read.has(input.name));
}

function checkParameters(model: OnnxModel, layers: readonly FoundLayer[], parameters: ParameterSet): void {
  const mismatch = (text: string) =>
    new OnnxError('ONNX_PARAMETER_MISMATCH', `${text}; the parameters belong to another model than ${model.name}.`);
  const known = new Map(layers.flatMap((layer) => parameterKeys(layer).map((key) => [key, layer.channels] as const)));
  for (const key of parameters.keys()) if (!known.has(key)) throw mismatch(`there is no parameter "${key}"`);
  for (const [key, channels] of known) {
    const values = parameters.get(key);
    if (values === undefined) throw mismatch(`the parameter "${key}" is missing`);
    if (values.length !== channels) throw mismatch(`"${key}" has ${values.length} values where ${channels} are needed`);
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw mismatch(`"${key}" has the value ${values[bad]} at index ${bad}`);
  }
}
