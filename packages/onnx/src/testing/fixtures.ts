import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { create } from '@bufbuild/protobuf';
import { GraphProtoSchema, ModelProtoSchema, ValueInfoProtoSchema } from '../gen/onnx/onnx_pb.js';
import { exportGraph } from '../graph/export-graph.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/types.js';
import { type OnnxModel, parseModel } from '../model/model.js';
import { modelBytes } from '../model/model-bytes.js';
import type { Feed } from './runtime.js';

/** The folder models/. */
export const MODELS = new URL('../../../../models/', import.meta.url);
const PIXELS = 28 * 28;

/** A committed file below models/. */
export const modelFile = (path: string): Buffer => readFileSync(new URL(path, MODELS));

export const fashionModel = (which: 'edge' | 'foundation'): OnnxModel =>
  parseModel(modelFile(`fashion-${which}.onnx`), `fashion-${which}.onnx`);

/** Fashion-MNIST test images, values k/255. */
export function testImages(first: number, count: number): Feed {
  const header = 16;
  const bytes = gunzipSync(modelFile('fashion-mnist/t10k-images-idx3-ubyte.gz'));
  const pixels = bytes.subarray(header + first * PIXELS, header + (first + count) * PIXELS);
  return { data: Float32Array.from(pixels, (pixel) => pixel / 255), dims: [count, 1, 28, 28] };
}

/** Standard normal numbers, the same for the same seed: mulberry32 and Box-Muller. */
export function normals(seed: number): () => number {
  const next = uniforms(seed);
  return () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

/** Numbers in [0, 1), the same for the same seed. */
export function uniforms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** count values */
export const fill = (count: number, next: () => number): Float32Array => Float32Array.from({ length: count }, next);

/** A graph as an ONNX file. */
export function fileOf(graph: Graph, outputs: Readonly<Record<string, Value>>): Uint8Array {
  const value = create(ValueInfoProtoSchema, {});
  const proto = create(ModelProtoSchema, { irVersion: 8n, opsetImport: [{ version: BigInt(graph.opset) }] });
  const like = {
    name: 'test',
    proto,
    graph: create(GraphProtoSchema, { name: 'test' }),
    opset: graph.opset,
    input: value,
    inputType: 'float32' as const,
    output: value,
  };
  return modelBytes(exportGraph(graph, new Map(Object.entries(outputs)), like).proto);
}

/** A graph as a model. */
export const modelOf = (graph: Graph, output: Value, name = 'small.onnx'): OnnxModel =>
  parseModel(fileOf(graph, { [output.name]: output }), name);
