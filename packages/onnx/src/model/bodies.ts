import type { AttributeProto, GraphProto, NodeProto } from '../gen/onnx/onnx_pb.js';
import { changed } from './changed.js';

/** The bodies of a node: the branches of an If, what a Loop or a Scan repeats. */
export const bodiesOf = ({ attribute }: Pick<NodeProto, 'attribute'>): GraphProto[] =>
  attribute.flatMap(({ g, graphs }) => (g === undefined ? graphs : [g, ...graphs]));

/** A node whose bodies are others. It is handed back as it is where they are the same. */
export function withBodies<N extends NodeProto>(node: N, change: (body: GraphProto) => GraphProto): N {
  const attribute = node.attribute.map((each) => attributeWithBodies(each, change));
  return attribute.every((each, i) => each === node.attribute[i])
    ? node
    : (changed<NodeProto>(node, { attribute }) as N);
}

function attributeWithBodies(attribute: AttributeProto, change: (body: GraphProto) => GraphProto): AttributeProto {
  const { g, graphs } = attribute;
  if (g === undefined && graphs.length === 0) return attribute;
  const body = g && change(g);
  const bodies = graphs.map(change);
  const same = body === g && bodies.every((each, i) => each === graphs[i]);
  return same ? attribute : changed(attribute, { ...(body && { g: body }), graphs: bodies });
}

/** Names of all values that a body defines: its inputs, constants, and what its nodes compute. */
const definedIn = ({ input, initializer, sparseInitializer, node }: GraphProto): Set<string> =>
  new Set([
    ...[...input, ...initializer].map(({ name }) => name),
    ...sparseInitializer.map(({ values }) => values?.name ?? ''),
    ...node.flatMap(({ output }) => output),
  ]);

/** Names of the values outside of its bodies that a node reads in them. */
export function capturedBy(node: NodeProto): string[] {
  const captured = new Set<string>();
  for (const body of bodiesOf(node)) {
    const own = definedIn(body);
    const read = [...body.node.flatMap(readBy), ...body.output.map(({ name }) => name)];
    for (const name of read) if (name !== '' && !own.has(name)) captured.add(name);
  }
  return [...captured];
}

/** All that a node reads: its inputs, and what its bodies read from outside. */
export const readBy = (node: NodeProto): readonly string[] =>
  node.attribute.some(({ g, graphs }) => g !== undefined || graphs.length > 0)
    ? [...node.input, ...capturedBy(node)]
    : node.input;

/** A node whose bodies read other values from outside, by their names until now. */
export const withCaptured = (node: NodeProto, names: ReadonlyMap<string, string>): NodeProto =>
  names.size === 0 ? node : withBodies(node, (body) => renamed(body, names));

function renamed(body: GraphProto, names: ReadonlyMap<string, string>): GraphProto {
  const own = definedIn(body);
  const outer = new Map([...names].filter(([name]) => !own.has(name)));
  if (outer.size === 0) return body;
  const node = body.node.map((each) =>
    changed(withCaptured(each, outer), { input: each.input.map((name) => outer.get(name) ?? name) }),
  );
  return changed(body, { node });
}

/** Names of all values of a graph and of the bodies in it. */
export function allNames(graph: GraphProto): Set<string> {
  const names = definedIn(graph);
  for (const node of graph.node) {
    for (const body of bodiesOf(node)) for (const name of allNames(body)) names.add(name);
  }
  return names;
}
