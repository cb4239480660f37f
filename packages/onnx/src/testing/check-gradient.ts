import { gradients } from '../gradient/gradients.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/types.js';
import { newGraph } from '../operators/new-graph.js';
import type { Case, Constant } from './cases.js';
import { fileOf, fill, normals } from './fixtures.js';
import { type Feed, outputOf, run } from './runtime.js';

/** Half the distance of a central difference: its error and float32 rounding together stay below the tolerance. */
const STEP = 5e-3;
/** Of a gradient's norm. Directions are standard normal, so a directional derivative is about as large as that norm. */
const TOLERANCE = 1e-3;
/** Of the numbers that a loss adds up: what float32 rounds off while an operator computes them. */
const ROUNDING = 8 * 2 ** -24;
/** Directions for every input. */
const DIRECTIONS = 2;
/** More than a direction moves two elements towards each other. */
const APART = 0.125;

const sizeOf = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, i) => sum + value * (b[i] as number), 0);
const norm = (values: ArrayLike<number>): number => Math.sqrt(dot(values, values));

/** Values of a case's domain. */
function sample({ domain, kinks }: Case, count: number, next: () => number): Float32Array {
  const values = fill(count, () => one(domain, next));
  if (domain === 'far apart') {
    const order = Array.from(values, (_, i) => i).sort((a, b) => (values[a] as number) - (values[b] as number));
    order.forEach((i, rank) => {
      values[i] = APART * (rank - Math.floor(count / 2));
    });
  }
  return values.map((value) => (kinks.some((kink) => Math.abs(value - kink) < 0.1) ? value + 0.2 : value));
}

function one(domain: Case['domain'], next: () => number): number {
  const value = next();
  if (domain === 'positive') return 0.5 + Math.abs(value);
  if (domain === 'near 0') return Math.tanh(value) * 0.8;
  if (domain === 'above 1') return 1.5 + Math.abs(value);
  if (domain === 'apart') return Math.round(value * 20) / 20 + 0.1 * next();
  return domain === 'not near 0' ? value + 0.5 * (value < 0 ? -1 : 1) : value;
}

/** A constant input of a case. */
export function constant(graph: Graph, given: Constant | undefined): Value | undefined {
  if (given === undefined) return undefined;
  if ('float' in given) return graph.constant(given.float);
  if ('floats' in given) return graph.constant(Float32Array.from(given.floats), [given.floats.length]);
  if ('bools' in given) {
    const signs = graph.constant(Float32Array.from(given.bools, Number), given.dims);
    return graph.op('Greater', [signs, graph.constant(0.5)]);
  }
  const flat = graph.ints(given.ints);
  return given.dims === undefined ? flat : graph.reshape(flat, given.dims);
}

/** What the graph says about shapes. */
export type Known = 'all shapes known' | 'the batch open' | 'all sizes open' | 'the shape of the output not known';

/** Whether the size of an input's axis is stated. */
export function stated(known: Known, dims: readonly number[], axis: number): boolean {
  if (known === 'all sizes open') return dims[axis] === 1;
  return known !== 'the batch open' || axis !== 0 || dims[axis] !== 2 || dims.length === 1;
}

/** The operator, its inputs that are not frozen, and the gradients of sum(c y) for them. */
function build(entry: Case, data: readonly Float32Array[], known: Known) {
  const graph = newGraph(entry.opset);
  const inputs = entry.shapes.map((dims, i): Value => {
    if (entry.frozen.includes(i)) return graph.constant(data[i] as Float32Array, dims);
    return graph.input(
      `x${i}`,
      dims.map((size, axis) => (stated(known, dims, axis) ? size : undefined)),
    );
  });
  const targets = inputs.filter(({ name }) => graph.inputs.has(name));
  const [first, last] = [entry.first, entry.last].map((given) => given.map((value) => constant(graph, value)));
  const all = [...(first ?? []), ...inputs, ...(last ?? [])];
  const outputs =
    entry.outputs === 1 && known !== 'the shape of the output not known'
      ? [graph.op(entry.operator, all, entry.attributes)]
      : graph.several(entry.operator, all, entry.attributes, entry.outputs);
  const flat = entry.reads.map((i) => graph.reshape(outputs[i] as Value, [-1]));
  const y = flat.length === 1 ? (flat[0] as Value) : graph.op('Concat', flat, { axis: 0 });
  const forward = fileOf(graph, { y });
  const c = graph.input('c', [undefined]);
  const loss = graph.reduceSum(graph.mul(y, c), [0]);
  const found = [...gradients(graph, loss, targets)].map(([name, value]) => [`gradient:${name}`, value]);
  return { targets, forward, backward: fileOf(graph, Object.fromEntries(found)) };
}

/** A case in one line. */
export function titleOf(entry: Case): string {
  const constants = [...entry.first, ...entry.last].map((given) => ` ${JSON.stringify(given)}`).join('');
  const reads = entry.outputs === 1 ? '' : ` outputs ${entry.reads} of ${entry.outputs}`;
  const frozen = entry.frozen.length === 0 ? '' : ` frozen ${entry.frozen}`;
  const opset = entry.opset === 17 ? '' : ` opset ${entry.opset}`;
  return `${entry.operator}${JSON.stringify(entry.shapes)}${constants} ${JSON.stringify(entry.attributes)}${reads}${frozen}${opset}`;
}

/**
 * Whether a case can run with axis 0 open: some input that is no constant has two elements there. Not a vector: its
 * size would have the name of the loss's weights' size, and onnxruntime would hold them to be alike.
 */
export const isBatched = ({ shapes, frozen }: Case): boolean =>
  shapes.some(([first, ...rest], i) => first === 2 && rest.length > 0 && !frozen.includes(i));

/**
 * Compares a rule's gradients with central differences along random directions, as onnxruntime computes both.
 *
 * @param known the batch is an axis 0 of size 2
 * @returns what is wrong, in sentences; nothing where all is well
 */
export async function checkGradient(entry: Case, known: Known): Promise<string[]> {
  const next = normals(7);
  const data = entry.shapes.map((dims) => sample(entry, sizeOf(dims), next));
  const { targets, forward, backward } = build(entry, data, known);
  const feedOf = ({ name }: Value): [string, Feed] => {
    const i = Number(name.slice(1));
    return [name, { data: data[i] as Float32Array, dims: entry.shapes[i] as number[] }];
  };
  const feeds = new Map(targets.map(feedOf));
  const y = outputOf(await run(forward, feeds), 'y');
  const c = fill(y.length, next);
  const found = await run(backward, new Map([...feeds, ['c', { data: c, dims: [c.length] }]]));
  const noise = (ROUNDING * norm(c.map((weight, i) => weight * (y[i] as number)))) / (2 * STEP);
  const wrong: string[] = [];
  for (const { name } of targets) {
    const x = feeds.get(name) as Feed;
    const gradient = outputOf(found, `gradient:${name}`);
    if (gradient.length !== x.data.length) {
      wrong.push(`${name} has ${x.data.length} elements, its gradient ${gradient.length}`);
      continue;
    }
    for (let i = 0; i < DIRECTIONS; i++) {
      const direction = fill(x.data.length, next);
      const at = async (sign: number) => {
        const moved = x.data.map((value, k) => value + sign * STEP * (direction[k] as number));
        const value = dot(outputOf(await run(forward, new Map([...feeds, [name, { ...x, data: moved }]])), 'y'), c);
        return { moved, value };
      };
      const [after, before] = [await at(1), await at(-1)];
      // The way that was gone, in float64: float32 rounds both ends.
      const way = Array.from(after.moved, (value, k) => value - (before.moved[k] as number));
      const error = Math.abs(after.value - before.value - dot(gradient, way)) / (2 * STEP);
      const bound = TOLERANCE * Math.max(norm(gradient), 1e-2) + noise;
      if (!(error <= bound)) {
        wrong.push(`${name}: the difference quotient is ${error} away from the gradient, ${bound} is allowed`);
      }
    }
  }
  return wrong;
}
