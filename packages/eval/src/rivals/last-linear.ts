import type { Graph, Operation, Value } from '@renorm/onnx';

/** What hands on the scores as they are. */
const HANDS_ON: ReadonlySet<string> = new Set(['Identity', 'Dropout', 'Flatten', 'Reshape', 'Squeeze']);

/** The last linear layer of a classifier. */
export interface LastLinear {
  /** What it reads, [batch, features]. */
  readonly features: Value;
  /** The logits that it makes of other features. */
  logitsOf(features: Value): Value;
}

/** @returns undefined where the model does not end in a linear layer, or is one */
export function lastLinear(graph: Graph, logits: Value): LastLinear | undefined {
  const behind: { readonly operation: Operation; readonly at: number }[] = [];
  let [value, operation] = [logits, graph.producer(logits)];
  const goTo = (at: number): void => {
    behind.push({ operation: operation as Operation, at });
    value = (operation as Operation).inputs[at] as Value;
    operation = graph.producer(value);
  };
  while (operation !== undefined && HANDS_ON.has(operation.type)) goTo(0);
  if (operation?.type === 'Add') {
    const product = operation.inputs.findIndex((input) => input && graph.producer(input)?.type === 'MatMul');
    if (product >= 0) goTo(product);
  }
  if (operation?.type !== 'Gemm' && operation?.type !== 'MatMul') return undefined;
  goTo(0);
  if (operation === undefined) return undefined;
  return {
    features: value,
    logitsOf: (features) =>
      behind.reduceRight(
        (input, { operation: { type, inputs, attributes }, at }) => graph.op(type, inputs.with(at, input), attributes),
        features,
      ),
  };
}
