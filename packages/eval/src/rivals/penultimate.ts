import { logitsModel, type OnnxModel } from '@renorm/onnx';

/** What hands on the scores as they are. */
const HANDS_ON: ReadonlySet<string> = new Set(['Identity', 'Dropout', 'Flatten', 'Reshape', 'Squeeze']);

/**
 * The model with the features that its last linear layer reads as its output, float32 [batch, features]; undefined where it does not end
 * in a linear layer.
 */
export function penultimateModel(model: OnnxModel): OnnxModel | undefined {
  const producers = new Map(model.graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
  let node = producers.get(model.output.name);
  while (node !== undefined && HANDS_ON.has(node.opType)) node = producers.get(node.input[0] ?? '');
  if (node?.opType === 'Add')
    node = node.input.map((name) => producers.get(name)).find((each) => each?.opType === 'MatMul');
  const features = node?.opType === 'Gemm' || node?.opType === 'MatMul' ? node.input[0] : undefined;
  // A model that is a linear layer alone has no features but its input.
  if (features === undefined || !producers.has(features)) return undefined;
  return logitsModel(model, { output: features }).model;
}
