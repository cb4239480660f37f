import { OnnxError } from '../errors.js';
import { type GraphProto, TensorProto_DataType as Type, type ValueInfoProto } from '../gen/onnx/onnx_pb.js';
import { freeName } from '../model/free-name.js';
import { checkModel, type OnnxModel } from '../model/model.js';
import { intTensor, isFloatType, tensorOfType } from '../model/tensor.js';
import { typeLookup } from '../model/type-lookup.js';
import { type ClassifierOutput, classifierOutput, type OutputOptions } from './classifier-output.js';
import { describedValue, editable, int, nodeOf, type Prepared, prune } from './rewrite.js';

/**
 * A model whose only output are the logits of a classifier, [batch, classes], and how probabilities are made of them.
 */
export interface LogitsModel extends Prepared {
  readonly output: ClassifierOutput;
}

/**
 * The model with its logits as the only output: what stands behind them, such as a Softmax, is left out, and axes of
 * size 1 are too. A single score becomes two, 0 and the score, whose Softmax is its Sigmoid.
 *
 * @throws as classifierOutput
 */
export function logitsModel(model: OnnxModel, options: OutputOptions = {}): LogitsModel {
  const output = classifierOutput(model, options);
  const { logits, shape, classes, probabilities } = output;
  const [first, ...others] = model.graph.output;
  if (first?.name === logits && others.length === 0 && (shape?.length ?? 2) === 2 && classes !== 1)
    return { model, changes: [], output };
  if (classes === 1 && (probabilities === 'softmax' || probabilities === 'log-softmax')) {
    throw new OnnxError(
      'ONNX_UNSUPPORTED',
      `the output "${output.output}" of ${model.name} is the Softmax of a single score, which is always 1; export a score for each class.`,
    );
  }
  const { proto, graph } = editable(model);
  const changes: string[] = [];
  if (others.length > 0) {
    const rest = model.graph.output.map(({ name }) => `"${name}"`).filter((name) => name !== `"${output.output}"`);
    changes.push(`took "${output.output}" for the scores, and left out ${rest.join(', ')}`);
  }
  if (logits !== output.output && probabilities !== 'none')
    changes.push(`took the ${NAMES[probabilities]} off the end: the output is "${logits}", which it read`);
  if (logits !== output.output && probabilities === 'none')
    changes.push(`took "${logits}" for the scores, of which "${output.output}" is made`);
  let name = logits;
  if (shape !== undefined && shape.length !== 2) {
    const flat = freeName(graph, `${logits}/flat`);
    const axes = freeName(graph, `${logits}/shape`);
    graph.initializer.push(intTensor(axes, [0, -1]));
    graph.node.push(nodeOf('Reshape', [name, axes], flat));
    changes.push(`made rows of "${logits}", which has the shape [${shape.map((size) => size ?? '?').join(', ')}]`);
    name = flat;
  }
  const elemType = elementType(
    model.graph,
    logits,
    model.graph.output.find((each) => each.name === output.output),
  );
  if (classes === 1) {
    const [zero, nothing, both] = ['zero', 'nothing', 'both'].map((role) => freeName(graph, `${logits}/${role}`)) as [
      string,
      string,
      string,
    ];
    graph.initializer.push(tensorOfType(elemType, zero, [], new Float32Array(1)));
    graph.node.push(nodeOf('Mul', [name, zero], nothing), nodeOf('Concat', [nothing, name], both, [int('axis', 1)]));
    changes.push(`made two classes of the single score "${logits}": 0 and the score, whose Softmax is its Sigmoid`);
    name = both;
  }
  const size = classes === 1 ? 2 : classes;
  const like = first as ValueInfoProto;
  graph.output = [describedValue(like, { name, elemType, shape: [shape?.[0], size] })];
  prune(graph);
  return { model: checkModel(proto, model.name), changes, output };
}

const NAMES = { softmax: 'Softmax', 'log-softmax': 'LogSoftmax', sigmoid: 'Sigmoid' } as const;

/** A label or a map says nothing of the type of the scores, and a Cast may stand between. */
function elementType(graph: GraphProto, logits: string, output: ValueInfoProto | undefined): number {
  const type = output?.type?.value;
  const declared = type?.case === 'tensorType' ? type.value.elemType : Type.FLOAT;
  if (logits === output?.name && isFloatType(declared)) return declared;
  const found = typeLookup(graph)(logits);
  return [found, declared].find(isFloatType) ?? Type.FLOAT;
}
