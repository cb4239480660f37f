import {
  OnnxError,
  type OnnxModel,
  parametricModel,
  parseModel,
  readParameters,
  serializeModel,
  trainingModel,
} from '@renorm/onnx';
import { InferenceSession, Tensor as RuntimeTensor, type Tensor } from 'onnxruntime-node';
import type { PeerCase } from './cases.js';
import { difference } from './compare.js';
import { floatsOf, type TensorFile } from './tensor-file.js';
import { SCALE, SCALED_INPUT, withConstants, withScale } from './variants.js';

/** What must not happen. */
export type Fault = 'untyped throw' | 'wrong result' | 'NaN gradient' | 'refused file';

/** What came of one step with a model. */
export interface Finding {
  readonly step: 'read' | 'rewritten' | 'parameters as inputs' | 'gradient';
  /** The input that stays one; the others have values. */
  readonly input: string;
  readonly fault?: Fault;
  /** The code of a refusal in words. */
  readonly refusal?: string;
  readonly message?: string;
}

/** What came of a test. */
export interface CaseResult {
  readonly name: string;
  /** Whether onnxruntime runs the original from JavaScript, to the same result each time. */
  readonly ran: boolean;
  readonly findings: readonly Finding[];
}

type Outputs = Readonly<Record<string, Tensor>>;

/**
 * Reads, rewrites and differentiates the model of one test, and compares with onnxruntime's results for the original.
 * Never throws.
 *
 * @param originalOnly runs what would be compared with alone: what crashes then, we did not write
 */
export async function check(
  { name, model, inputs }: PeerCase,
  { originalOnly = false }: { readonly originalOnly?: boolean } = {},
): Promise<CaseResult> {
  const original = await runTwice(model, inputs);
  if (original === undefined) return { name, ran: false, findings: originalOnly ? [] : [readOnly(model, name)] };
  const names = original.inputs;
  const findings: Finding[] = [];
  for (const [i, input] of names.entries()) {
    const file = inputs[i] as TensorFile;
    const constants = names.flatMap((each, j) => (j === i ? [] : [[each, inputs[j] as TensorFile] as const]));
    const frozen = withConstants(model, new Map(constants));
    if (originalOnly) {
      await run(frozen, { [input]: file.tensor as Tensor });
      const [count, feed] = fed(file);
      if (count > 0 && feed !== undefined) await run(withScale(frozen, input, file), { [SCALED_INPUT]: feed });
      continue;
    }
    findings.push(await rewritten(frozen, { name, input, file, expected: original.outputs }));
    findings.push(...(await differentiated(frozen, { name, input, file, expected: original.outputs })));
  }
  return { name, ran: true, findings };
}

interface Subject {
  readonly name: string;
  readonly input: string;
  readonly file: TensorFile;
  readonly expected: Outputs;
}

/**
 * What onnxruntime makes of the original; undefined where it does not take it, or gives something else the second time.
 */
async function runTwice(model: Uint8Array, inputs: PeerCase['inputs']) {
  const session = await open(model).catch(() => undefined);
  if (session === undefined) return undefined;
  try {
    const names = session.inputNames;
    const tensors = inputs.slice(0, names.length).map((file) => file?.tensor);
    if (tensors.length < names.length || tensors.some((tensor) => tensor === undefined)) return undefined;
    const feeds = Object.fromEntries(names.map((each, i) => [each, tensors[i] as Tensor]));
    const outputs = await session.run(feeds);
    const again = await session.run(feeds);
    const steady = Object.entries(outputs).every(([key, value]) => difference(again[key], value) === undefined);
    return steady ? { inputs: names, outputs } : undefined;
  } catch {
    return undefined;
  } finally {
    await session.release();
  }
}

function readOnly(model: Uint8Array, name: string): Finding {
  const at = { step: 'read', input: '' } as const;
  const read = attempt(at, () => serializeModel(parseModel(model, name)));
  return 'value' in read ? at : read;
}

async function rewritten(bytes: Uint8Array, { name, input, file, expected }: Subject): Promise<Finding> {
  const at = { step: 'rewritten', input } as const;
  const written = attempt(at, () => serializeModel(parseModel(bytes, name)));
  if (!('value' in written)) return written;
  const outcome = await run(written.value, { [input]: file.tensor as Tensor });
  if (typeof outcome === 'string') {
    // onnxruntime looks closer at a constant than at an input.
    const plain = await run(bytes, { [input]: file.tensor as Tensor });
    return typeof plain === 'string'
      ? { ...at, refusal: 'with constants not taken by onnxruntime' }
      : { ...at, fault: 'refused file', message: outcome };
  }
  return compared(at, outcome, expected);
}

/** Through a scale and a shift in front of the input, whose gradients are those of its elements. */
async function differentiated(bytes: Uint8Array, { name, input, file, expected }: Subject): Promise<Finding[]> {
  const [output] = Object.entries(expected);
  const [count, feed] = fed(file);
  if (output === undefined || floatsOf(output[1]) === undefined || feed === undefined || count === 0) return [];
  const scaled = withScale(bytes, input, file);
  const plain = await run(scaled, { [SCALED_INPUT]: feed });
  // Not where the scale in front is more than onnxruntime or the model takes.
  if (typeof plain === 'string' || difference(plain[output[0]], output[1]) !== undefined) return [];
  const read = attempt({ step: 'gradient', input }, () => parseModel(scaled, name));
  if (!('value' in read)) return [read];
  return [
    await asInputs(read.value, { [SCALED_INPUT]: feed }, { input, expected }),
    await gradient(read.value, { [SCALED_INPUT]: feed }, { input, wanted: output[1] }),
  ];
}

/**
 * What a model with a scale in front is fed, and how many elements that has; undefined for what is no floating type.
 */
function fed({ tensor, dims }: TensorFile): readonly [number, Tensor | undefined] {
  const count = dims.reduce((product, size) => product * size, 1);
  const values = tensor && floatsOf(tensor);
  return [count, values && new RuntimeTensor('float32', Float32Array.from(values), [1, count])];
}

async function asInputs(
  model: OnnxModel,
  feeds: Record<string, Tensor>,
  { input, expected }: Pick<Subject, 'input' | 'expected'>,
): Promise<Finding> {
  const at = { step: 'parameters as inputs', input } as const;
  const written = attempt(at, () => parametricModel(model));
  if (!('value' in written)) return written;
  const outcome = await run(written.value, { ...feeds, ...parameters(model) });
  if (typeof outcome === 'string') return { ...at, fault: 'refused file', message: outcome };
  return compared(at, outcome, { [model.output.name]: expected[model.output.name] as Tensor });
}

async function gradient(
  model: OnnxModel,
  feeds: Record<string, Tensor>,
  { input, wanted }: { readonly input: string; readonly wanted: Tensor },
): Promise<Finding> {
  const at = { step: 'gradient', input } as const;
  const written = attempt(at, () =>
    trainingModel(model, (graph, logits) => graph.op('ReduceSum', [graph.mul(logits, logits)], { keepdims: 0 }), {
      statistics: 'held',
    }),
  );
  if (!('value' in written)) return written;
  const { bytes, gradients, loss, logits, parameterInputs } = written.value;
  const own = gradients.get(`${SCALE}/beta`);
  if (own === undefined) return { ...at, refusal: 'no path' };
  const known = Object.entries(parameters(model)).filter(([key]) => parameterInputs.includes(key));
  const outcome = await run(bytes, { ...feeds, ...Object.fromEntries(known) });
  if (typeof outcome === 'string') return { ...at, fault: 'refused file', message: outcome };
  const apart = difference(outcome[logits], wanted);
  if (apart !== undefined) return { ...at, fault: 'wrong result', message: `the value in the gradient graph ${apart}` };
  const numbers = (key: string) => floatsOf(outcome[key] as Tensor) as Float64Array;
  const value = floatsOf(wanted) as Float64Array;
  const finite = Number.isFinite(numbers(loss)[0]) && value.every(Number.isFinite);
  const nan = numbers(own).findIndex(Number.isNaN);
  return finite && nan >= 0
    ? { ...at, fault: 'NaN gradient', message: `the gradient of element ${nan} is NaN, the value is finite` }
    : at;
}

const parameters = (model: OnnxModel): Record<string, Tensor> =>
  Object.fromEntries(
    [...readParameters(model)].map(([key, data]) => [key, new RuntimeTensor('float32', data, [data.length])]),
  );

function compared(at: Finding, outcome: Outputs, expected: Outputs): Finding {
  for (const [key, value] of Object.entries(expected)) {
    const apart = difference(outcome[key], value);
    if (apart !== undefined) return { ...at, fault: 'wrong result', message: `"${key}" ${apart}` };
  }
  return at;
}

/** A refusal with a code is no fault. */
function attempt<T>(at: Finding, make: () => T): Finding | { readonly value: T } {
  try {
    return { value: make() };
  } catch (error) {
    if (error instanceof OnnxError) return { ...at, refusal: error.code, message: error.text };
    return { ...at, fault: 'untyped throw', message: error instanceof Error ? `${error.stack}` : `${error}` };
  }
}

/** What a model computes, or why onnxruntime does not. */
async function run(bytes: Uint8Array, feeds: Record<string, Tensor>): Promise<Outputs | string> {
  let session: InferenceSession | undefined;
  try {
    session = await open(bytes);
    return await session.run(feeds);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await session?.release();
  }
}

const open = (bytes: Uint8Array): Promise<InferenceSession> =>
  InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4 });
