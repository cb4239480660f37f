import { OnnxError } from '../errors.js';
import type { AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto } from '../gen/onnx/onnx_pb.js';
import { allNames, bodiesOf, withBodies } from './bodies.js';
import { changed } from './changed.js';

/** Nodes at most after inlining: functions that call functions can come to any number. */
const LIMIT = 1_000_000;
/** Functions that call each other at most. */
const DEPTH = 64;

const keyOf = (domain: string, name: string, overload: string): string => `${domain}:${name}:${overload}`;

/**
 * The model with its functions in place of the nodes that call them, also in bodies. A function of another version of
 * the default operator set stays, as its operators may mean something else.
 *
 * @throws OnnxError ONNX_UNSUPPORTED: functions that call each other without end
 */
export function withFunctionsInlined(proto: ModelProto): ModelProto {
  const { graph, functions } = proto;
  if (graph === undefined || functions.length === 0) return proto;
  const version = defaultVersion(proto);
  const same = functions.filter((each) => [version, undefined].includes(defaultVersion(each)));
  const inlined = new Inliner(same, allNames(graph), new Set(graph.node.map(({ name }) => name))).graph(graph, 0);
  return changed(proto, { graph: inlined, functions: functions.filter((each) => !same.includes(each)) });
}

const defaultVersion = ({ opsetImport }: Pick<ModelProto, 'opsetImport'>): bigint | undefined =>
  opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version;

class Inliner {
  readonly #functions: ReadonlyMap<string, FunctionProto>;
  readonly #taken: Set<string>;
  readonly #nodes: Set<string>;
  #count = 0;

  constructor(functions: readonly FunctionProto[], taken: Set<string>, nodes: Set<string>) {
    this.#nodes = nodes;
    this.#functions = new Map(functions.map((each) => [keyOf(each.domain, each.name, each.overload), each]));
    this.#taken = taken;
  }

  graph(graph: GraphProto, depth: number): GraphProto {
    const node = graph.node.flatMap((each) => this.#node(each, depth));
    const same = node.length === graph.node.length && node.every((each, i) => each === graph.node[i]);
    return same ? graph : changed(graph, { node });
  }

  #node(node: NodeProto, depth: number): NodeProto[] {
    this.#count++;
    if (depth > DEPTH || this.#count > LIMIT) {
      throw new OnnxError(
        'ONNX_UNSUPPORTED',
        `the functions behind "${node.name || node.output[0]}", a ${node.opType}, call each other without end; inline them with onnx.inliner.`,
      );
    }
    const callee = this.#functions.get(keyOf(node.domain, node.opType, node.overload));
    if (callee !== undefined) return this.#called(node, callee).flatMap((each) => this.#node(each, depth + 1));
    return [withBodies(node, (body) => this.graph(body, depth))];
  }

  /** The nodes of a function, with the names of the caller's values, and fresh ones for those inside. */
  #called(caller: NodeProto, callee: FunctionProto): NodeProto[] {
    const stem = caller.name || caller.output[0] || callee.name;
    const names = new Map<string, string>([['', '']]);
    callee.input.forEach((name, i) => {
      names.set(name, caller.input[i] ?? '');
    });
    const returned = new Map(callee.output.map((name, i) => [name, caller.output[i] ?? '']));
    const given = new Map(caller.attribute.map((each) => [each.name, each]));
    for (const each of callee.attributeProto) if (!given.has(each.name)) given.set(each.name, each);
    const fresh = (name: string): string => {
      const known = names.get(name);
      if (known !== undefined) return known;
      const output = returned.get(name);
      const value = output || this.#free(`${stem}/${name}`);
      names.set(name, value);
      return value;
    };
    const rewritten = (nodes: readonly NodeProto[]): NodeProto[] =>
      nodes.map((node) =>
        changed(
          withBodies(withAttributes(node, given), (body) =>
            changed(body, {
              input: body.input.map((each) => changed(each, { name: fresh(each.name) })),
              initializer: body.initializer.map((each) => changed(each, { name: fresh(each.name) })),
              node: rewritten(body.node),
              output: body.output.map((each) => changed(each, { name: fresh(each.name) })),
            }),
          ),
          {
            name: this.#freeNode(`${stem}/${node.name || node.output[0] || node.opType}`),
            input: node.input.map(fresh),
            output: node.output.map(fresh),
          },
        ),
      );
    const nodes = rewritten(callee.node);
    // An input that is handed on as an output has a name already.
    const handed = [...returned].filter(([name, output]) => output !== '' && names.get(name) !== output);
    return [...nodes, ...handed.map(([name, output]) => identity(caller, fresh(name), output))];
  }

  #free(wish: string): string {
    return free(wish, this.#taken);
  }

  /** Nodes of a function may share a name; those of a graph may not. */
  #freeNode(wish: string): string {
    return free(wish, this.#nodes);
  }
}

function free(wish: string, taken: Set<string>): string {
  let name = wish;
  for (let i = 1; taken.has(name); i++) name = `${wish}_${i}`;
  taken.add(name);
  return name;
}

const identity = (like: NodeProto, input: string, output: string): NodeProto =>
  changed(like, {
    opType: 'Identity',
    domain: '',
    overload: '',
    name: output,
    input: [input],
    output: [output],
    attribute: [],
  });

/** A node of a function with the caller's attributes where it refers to them; one that nobody gives is left out. */
function withAttributes(node: NodeProto, given: ReadonlyMap<string, AttributeProto>): NodeProto {
  const refers = (each: NodeProto): boolean =>
    each.attribute.some(({ refAttrName }) => refAttrName !== '') ||
    bodiesOf(each).some((body) => body.node.some(refers));
  if (!refers(node)) return node;
  const attribute = node.attribute.flatMap((each) => {
    if (each.refAttrName === '') return [each];
    const value = given.get(each.refAttrName);
    return value === undefined ? [] : [changed(value, { name: each.name })];
  });
  return withBodies(changed(node, { attribute }), (body) =>
    changed(body, { node: body.node.map((inner) => withAttributes(inner, given)) }),
  );
}
