import type { Shape, Value } from '../graph/types.js';
import { newGraph } from '../operators/new-graph.js';
import type { Case } from './cases.js';
import { constant, stated } from './check-gradient.js';
import { fileOf, fill, normals } from './fixtures.js';
import { type Feed, shapes } from './runtime.js';

/** `2x?x3`, and `.` for a scalar */
export const inText = (shape: Shape | undefined): string =>
  shape === undefined ? 'unknown' : shape.length === 0 ? '.' : shape.map((size) => size ?? '?').join('x');

/**
 * Compares the shapes that are inferred for an operator's outputs with those that onnxruntime gives.
 *
 * @param open whether a batch, an axis 0 of size 2, is open
 * @returns the inferred shapes, and whether everything in them is so
 */
export async function checkShape(
  entry: Case,
  open: boolean,
): Promise<{ inferred: string[]; real: string[]; right: boolean }> {
  const graph = newGraph(entry.opset);
  const next = normals(3);
  const feeds = new Map<string, Feed>();
  const given = entry.shapes.map((dims, i): Value => {
    const data = fill(
      dims.reduce((p, d) => p * d, 1),
      next,
    );
    if (entry.frozen.includes(i)) return graph.constant(data, dims);
    feeds.set(`x${i}`, { data, dims });
    const known = open ? 'the batch open' : 'all shapes known';
    return graph.input(
      `x${i}`,
      dims.map((size, axis) => (stated(known, dims, axis) ? size : undefined)),
    );
  });
  const [first = [], last = []] = [entry.first, entry.last].map((each) => each.map((value) => constant(graph, value)));
  const outputs = graph.several(entry.operator, [...first, ...given, ...last], entry.attributes, entry.outputs);
  const casts = outputs.map(
    (value, i) => [`y${i}`, { ...graph.op('Cast', [value], { to: 1 }), shape: undefined }] as const,
  );
  const found = await shapes(fileOf(graph, Object.fromEntries(casts)), feeds);
  const real = outputs.map((_, i) => found.get(`y${i}`) ?? []);
  const right = outputs.every(({ shape }, i) => {
    const dims = real[i] as readonly number[];
    return (
      shape === undefined ||
      (shape.length === dims.length && shape.every((size, k) => size === undefined || size === dims[k]))
    );
  });
  return { inferred: outputs.map(({ shape }) => inText(shape)), real: real.map(inText), right };
}
