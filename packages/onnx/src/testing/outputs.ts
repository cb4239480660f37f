import { TensorProto_DataType as Type } from '../gen/onnx/onnx_pb.js';
import type { Graph } from '../graph/graph.js';
import type { Shape, Value } from '../graph/types.js';
import { type OnnxModel, parseModel, serializeModel } from '../index.js';
import { copyProto } from '../model/model.js';
import { modelBytes } from '../model/model-bytes.js';
import { newGraph } from '../operators/new-graph.js';
import { describedValue } from '../prepare/rewrite.js';
import { fileOf, fill, normals } from './fixtures.js';
import { outputOf, run } from './runtime.js';

const IMAGE: Shape = [undefined, 3, 8, 8];

/** A model with some outputs, of which those named label are integers. */
export function modelWith(build: (graph: Graph, x: Value) => Record<string, Value>, shape: Shape = IMAGE): OnnxModel {
  const graph = newGraph(17);
  const model = parseModel(fileOf(graph, build(graph, graph.input('x', shape))), 'odd.onnx');
  const { proto, graph: copy } = copyProto(model);
  copy.output = copy.output.map((each) =>
    each.name === 'label' ? describedValue(each, { elemType: Type.INT64 }) : each,
  );
  return parseModel(modelBytes(proto), 'odd.onnx');
}

/** Random images. */
export const images = (count: number) => ({ data: fill(count * 192, normals(9)), dims: [count, 3, 8, 8] });
/** What a model gives for as many images, by an output's name. */
export const computed = async (model: OnnxModel, count: number, name = model.output.name): Promise<Float32Array> =>
  outputOf(await run(serializeModel(model), new Map([['x', images(count)]])), name);
