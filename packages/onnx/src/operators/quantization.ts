import { TensorProto_DataType as Type } from '../gen/onnx/onnx_pb.js';
import type { Graph } from '../graph/graph.js';
import type { Operation, Value } from '../graph/types.js';
import { QUANTIZED_RANGE } from '../model/dequantize.js';
import { positive } from './formulas/masks.js';
import { axisFrom, type Family, input, type Rule, rankOf, unsupported } from './operator.js';
import { number } from './semantics/attributes.js';
import { same } from './semantics/same.js';

// Straight-through, as torch.fake_quantize: rounding passes the gradient on as if it were not there (Bengio, Léonard
// and Courville 2013, "Estimating or propagating gradients through stochastic neurons"), and a value that saturates
// does not change the result.

/** x = (q - zero point) scale: g scale */
const dequantize: Rule = (graph, g, op) => graph.mul(g, scaleOf(graph, op));

/** q = saturate(round(x / scale) + zero point): g / scale where it does not saturate, 0 where it does. */
const quantize: Rule = (graph, g, op) => {
  const scale = scaleOf(graph, op);
  const rounded = graph.op('Round', [graph.div(input(op, 0), scale)]);
  const [middle, reach] = range(graph, op);
  // Steps of 1: half a step lies between the last value inside and the first outside.
  const inside = positive(graph, graph.sub(graph.constant(reach + 0.5), graph.op('Abs', [graph.sub(rounded, middle)])));
  return graph.mul(withoutScale(graph, g, scale), inside);
};

/** g / scale, which DequantizeLinear has just multiplied by the same scale. */
function withoutScale(graph: Graph, g: Value, scale: Value): Value {
  const made = graph.producer(g);
  const [before, by] = made?.inputs ?? [];
  return made?.type === 'Mul' && before !== undefined && by?.name === scale.name ? before : graph.div(g, scale);
}

/** The scale, in a shape that is repeated along the value. */
const scaleOf = (graph: Graph, op: Operation): Value => alongAxis(graph, input(op, 1), op);

function alongAxis(graph: Graph, vector: Value, op: Operation): Value {
  if (number(op, 'block_size', 0) !== 0) throw unsupported(op, 'goes by blocks', 'quantize by tensor or by channel');
  if (vector.shape?.length !== 1 || vector.shape[0] === 1) return vector;
  const [rank, axis] = [rankOf(op), axisFrom(op, 1)];
  return graph.reshape(vector, [-1, ...new Array<number>(rank - axis - 1).fill(1)]);
}

/** The middle of the type's range counted from the zero point, and how far it reaches to both sides. */
function range(graph: Graph, op: Operation): readonly [Value, number] {
  const zeroPoint = op.inputs[2];
  const type = zeroPoint === undefined ? number(op, 'output_dtype', 0) || Type.UINT8 : typeOf(graph, zeroPoint);
  const [low, high] = QUANTIZED_RANGE[type] ?? [];
  if (low === undefined || high === undefined) {
    throw unsupported(op, `goes through the type ${Type[type] ?? type}`, 'quantize activations to 8 or 16 bits');
  }
  const middle = graph.constant((low + high) / 2);
  if (zeroPoint === undefined) return [middle, (high - low) / 2];
  const zero = graph.op('Cast', [zeroPoint], { to: Type.FLOAT });
  return [graph.sub(middle, alongAxis(graph, { ...zero, shape: zeroPoint.shape }, op)), (high - low) / 2];
}

const typeOf = (graph: Graph, value: Value): number => graph.constants.get(value.name)?.dataType ?? Type.UNDEFINED;

/** Quantization of activations. */
export const quantizations: Family = {
  QuantizeLinear: { shape: same, gradient: [quantize] },
  DequantizeLinear: { shape: same, gradient: [dequantize] },
};
