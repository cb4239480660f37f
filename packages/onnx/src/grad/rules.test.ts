import { type Test, test } from 'tap';
import { Graph, type Value } from '../graph.js';
import { CASES, type Case, type Constant, FREE } from '../testing/cases.js';
import { fileOf, fill, normals } from '../testing/fixtures.js';
import { type Feed, outputOf, run } from '../testing/runtime.js';
import { gradients } from './gradients.js';
import { differentiableOperators, RULES } from './rules.js';

/** Half the distance of a central difference: its error and float32 rounding together stay below the tolerance. */
const STEP = 5e-3;
/** Of a gradient's norm. Directions are standard normal, so a directional derivative is about as large as that norm. */
const TOLERANCE = 1e-3;
/** Directions for every input. */
const DIRECTIONS = 2;

const sizeOf = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, i) => sum + value * (b[i] as number), 0);

function sample({ domain, kinks }: Case, next: () => number): number {
  const value = next();
  if (kinks.some((kink) => Math.abs(value - kink) < 0.1)) return value + 0.2;
  if (domain === 'positive') return 0.5 + Math.abs(value);
  if (domain === 'near 0') return Math.tanh(value) * 0.8;
  if (domain === 'above 1') return 1.5 + Math.abs(value);
  if (domain === 'apart') return Math.round(value * 20) / 20 + 0.1 * next();
  return domain === 'not near 0' ? value + 0.5 * (value < 0 ? -1 : 1) : value;
}

function constant(graph: Graph, given: Constant | undefined): Value | undefined {
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

/** Whether the model states the size of an axis. */
type Known = (size: number, axis: number) => boolean;
const everything: Known = () => true;
const allButBatch: Known = (size, axis) => axis !== 0 || size !== 2;
const onlyOnes: Known = (size) => size === 1;
/** Of the output; an input's sizes are stated. */
const nothing: Known = () => true;

/** The operator, its inputs that are not frozen, and the gradients of sum(c y) for them. */
function build(entry: Case, data: readonly Float32Array[], known: Known) {
  const graph = new Graph(entry.opset);
  const inputs = entry.shapes.map((dims, i): Value => {
    if (entry.frozen.includes(i)) return graph.constant(data[i] as Float32Array, dims);
    return graph.input(
      `x${i}`,
      dims.map((size, axis) => (known(size, axis) ? size : undefined)),
    );
  });
  const targets = inputs.filter(({ name }) => graph.inputs.has(name));
  const [first, last] = [entry.first, entry.last].map((given) => given.map((value) => constant(graph, value)));
  const all = [...(first ?? []), ...inputs, ...(last ?? [])];
  const outputs =
    entry.outputs === 1 && known !== nothing
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

async function check(t: Test, entry: Case, known: Known): Promise<void> {
  const next = normals(7);
  const data = entry.shapes.map((dims) => fill(sizeOf(dims), () => sample(entry, next)));
  const { targets, forward, backward } = build(entry, data, known);
  const feedOf = ({ name }: Value): [string, Feed] => {
    const i = Number(name.slice(1));
    return [name, { data: data[i] as Float32Array, dims: entry.shapes[i] as number[] }];
  };
  const feeds = new Map(targets.map(feedOf));
  const y = outputOf(await run(forward, feeds), 'y');
  const c = fill(y.length, next);
  const found = await run(backward, new Map([...feeds, ['c', { data: c, dims: [c.length] }]]));
  for (const { name } of targets) {
    const x = feeds.get(name) as Feed;
    const gradient = outputOf(found, `gradient:${name}`);
    t.equal(gradient.length, x.data.length, 'the gradient has the size of its input');
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
      const bound = TOLERANCE * Math.max(Math.sqrt(dot(gradient, gradient)), 1e-2);
      t.ok(error <= bound, `${name}: the difference quotient is ${error} away, ${bound} is allowed`);
    }
  }
}

for (const entry of CASES) {
  const constants = [...entry.first, ...entry.last].map((given) => ` ${JSON.stringify(given)}`).join('');
  const reads = entry.outputs === 1 ? '' : ` outputs ${entry.reads} of ${entry.outputs}`;
  const name = `${entry.operator}${JSON.stringify(entry.shapes)}${constants} ${JSON.stringify(entry.attributes)}${reads}`;
  const batched = entry.shapes.some(([first], i) => first === 2 && !entry.frozen.includes(i));
  test(name, (t) => check(t, entry, everything));
  if (batched) test(`${name}, the batch open`, (t) => check(t, entry, allButBatch));
  test(`${name}, the shape of the output not known`, (t) => check(t, entry, nothing));
  if (FREE.includes(entry)) test(`${name}, all sizes open`, (t) => check(t, entry, onlyOnes));
}

test('every rule has a case', async (t) => {
  const covered = new Set(
    CASES.flatMap(({ operator, shapes, frozen, first }) =>
      shapes.flatMap((_, i) => (frozen.includes(i) ? [] : [`${operator} input ${i + first.length}`])),
    ),
  );
  // Its gradient is not the derivative of its value: normalize.test.ts.
  for (const i of [0, 1, 2]) covered.add(`BatchNormalization input ${i}`);
  const rules = differentiableOperators().flatMap((operator) => inputsWithRule(operator));
  t.same(
    rules.filter((rule) => !covered.has(rule)),
    [],
  );
});

/** Where all inputs have the same rule, the first stands for them. */
function inputsWithRule(operator: string): string[] {
  const entry = RULES[operator] ?? [];
  if (!('length' in entry)) return [`${operator} input 0`];
  return entry.flatMap((rule, i) => (rule === undefined ? [] : [`${operator} input ${i}`]));
}
