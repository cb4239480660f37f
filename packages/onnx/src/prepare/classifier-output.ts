import { OnnxError } from '../errors.js';
import type { ValueInfoProto } from '../gen/onnx/onnx_pb.js';
import type { Shape } from '../graph/types.js';
import { openDims } from '../import/import-node.js';
import { inferredShapes } from '../import/infer.js';
import { type OnnxModel, shapeOf } from '../model/model.js';
import { dependents } from './rewrite.js';
import { type Activation, type Candidate, tracer } from './trace-scores.js';

export type { Activation } from './trace-scores.js';

/** Where a model's scores are. */
export interface ClassifierOutput {
  /** The output of the model that they lead to. */
  readonly output: string;
  /** The value with the logits: before a Softmax, where there is one. */
  readonly logits: string;
  readonly probabilities: Activation;
  /** Their shape, as far as it is known. */
  readonly shape: Shape | undefined;
  /** The axis of the classes; all others but the batch have the size 1. */
  readonly axis: number;
  /** Undefined where the model leaves it open. */
  readonly classes: number | undefined;
}

/** Which output holds the scores, where a model does not say. */
export interface OutputOptions {
  /** Name of an output of the model, or of a value inside it. */
  readonly output?: string;
}

/**
 * Finds the scores of a classifier: the value before its Softmax, and of several outputs the one that is a
 * classifier's.
 *
 * @throws OnnxError ONNX_OUTPUT_UNCLEAR: several outputs might be the scores, or there is none of that name;
 *   ONNX_UNSUPPORTED: the scores are not
 * one row for each image
 */
export function classifierOutput(model: OnnxModel, { output }: OutputOptions = {}): ClassifierOutput {
  const { graph } = model;
  const { shape } = inferredShapes(model);
  const declared = new Map(graph.output.map((value) => [value.name, openDims(shapeOf(value))]));
  const sizes = (name: string): Shape | undefined => shape(name) ?? declared.get(name);
  const trace = tracer(model, sizes);
  const candidates = graph.output.map(trace);
  const chosen = output === undefined ? clear(model, candidates, sizes) : named(model, candidates, output, trace);
  const own = sizes(chosen.logits) ?? (chosen.probabilities === 'none' ? declared.get(chosen.output) : undefined);
  const axis = classAxis(model, chosen, own ?? declared.get(chosen.output));
  const { logits, probabilities } = chosen;
  return { output: chosen.output, logits, probabilities, shape: own, axis, classes: own?.[axis] };
}

function named(
  model: OnnxModel,
  candidates: readonly Candidate[],
  output: string,
  trace: (value: Pick<ValueInfoProto, 'name' | 'type'>) => Candidate,
): Candidate {
  const found = candidates.find((each) => each.output === output);
  if (found?.usable) return found;
  const inside = model.graph.node.some((node) => node.output.includes(output));
  if (found === undefined && inside) return { ...trace({ name: output }), usable: true };
  throw unclear(model, found === undefined ? `has no output "${output}"` : `has no scores in "${output}"`, candidates);
}

/** The only candidate, by what is surely made of scores, or by what leads to what. */
function clear(model: OnnxModel, all: readonly Candidate[], sizes: (name: string) => Shape | undefined): Candidate {
  const usable = all.filter((each) => each.usable);
  const distinct = (list: readonly Candidate[]) => [...new Set(list.map(({ source }) => source))];
  const best = (source: string): Candidate => {
    const same = usable.filter((each) => each.source === source);
    return (same.find(({ probabilities }) => probabilities !== 'none') ?? same[0]) as Candidate;
  };
  if (usable.length === 0) throw unclear(model, 'has no output of a floating type', all);
  for (const list of [usable, usable.filter(({ sure }) => sure)]) {
    const [only, ...others] = distinct(list);
    if (only !== undefined && others.length === 0) return best(only);
  }
  // What others are computed from are features.
  const names = distinct(usable);
  const last = names.filter((name) => {
    const after = dependents(model.graph, [name]);
    return !names.some((other) => other !== name && after.has(other));
  });
  const [end, ...ends] = last.filter((name) => (sizes(name)?.filter((size) => size !== 1).length ?? 2) <= 2);
  if (end !== undefined && ends.length === 0 && last.length === 1) return best(end);
  throw unclear(model, 'has several outputs that may be the scores', all);
}

function unclear({ name, graph }: OnnxModel, what: string, candidates: readonly Candidate[]): OnnxError {
  const list = candidates.map(({ output, usable }) => {
    const value = graph.output.find((each) => each.name === output);
    const dims = value === undefined ? '' : ` [${shapeOf(value).join(', ')}]`;
    return `"${output}"${dims}${usable ? '' : ', which is not of a floating type'}`;
  });
  return new OnnxError(
    'ONNX_OUTPUT_UNCLEAR',
    `${name} ${what}: it gives ${list.join('; ')}. Name the one with a score for each class in the option output.`,
  );
}

/** @throws OnnxError ONNX_UNSUPPORTED: more axes than the batch and the classes, or no batch */
function classAxis({ name }: OnnxModel, { output }: Candidate, shape: Shape | undefined): number {
  if (shape === undefined) return 1;
  const axes = shape.flatMap((size, i) => (i > 0 && size !== 1 ? [i] : []));
  const [axis = 1, ...others] = axes;
  if (shape.length > 1 && others.length === 0) return axis;
  const dims = shape.map((size) => size ?? '?').join(', ');
  throw new OnnxError(
    'ONNX_UNSUPPORTED',
    `the output "${output}" of ${name} has the shape [${dims}]; one row of scores for each image is needed, [batch, classes]: name another output, or export a classifier.`,
  );
}
