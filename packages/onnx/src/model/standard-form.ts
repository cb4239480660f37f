import type { GraphProto, ModelProto, NodeProto } from '../gen/onnx/onnx_pb.js';
import { withBodies } from './bodies.js';
import { changed } from './changed.js';
import { withFunctionsInlined } from './functions.js';
import { withDenseTensors } from './sparse.js';

type Pass = (proto: ModelProto) => ModelProto;

/** A pass over the graph alone. */
const over =
  (change: (graph: GraphProto) => GraphProto): Pass =>
  (proto) => {
    const graph = proto.graph && change(proto.graph);
    return graph === undefined || graph === proto.graph ? proto : changed(proto, { graph });
  };

/** What means the same and may be written in several ways, in one. */
const PASSES: readonly Pass[] = [
  over(withDefaultDomain),
  withFunctionsInlined,
  over(withDefaultDomain),
  over(withDenseTensors),
];

/**
 * A model in the form that this package reads: the default operator set is not spelled out (`ai.onnx`), there are no
 * functions and no sparse initializers. One that is in this form is handed back as it is. Shares nodes and tensors with
 * the model.
 *
 * @throws OnnxError ONNX_UNSUPPORTED
 */
export const inStandardForm = (proto: ModelProto): ModelProto => PASSES.reduce((model, pass) => pass(model), proto);

function withDefaultDomain(graph: GraphProto): GraphProto {
  const node = graph.node.map((each): NodeProto => {
    const inside = withBodies(each, withDefaultDomain);
    return each.domain === 'ai.onnx' ? changed(inside, { domain: '' }) : inside;
  });
  return node.every((each, i) => each === graph.node[i]) ? graph : changed(graph, { node });
}
