import type { GraphProto } from './gen/onnx/onnx_pb.js';

/** The name that is wished for, or one like it: one that no tensor and no value of the graph has. */
export function freeName({ initializer, node }: GraphProto, wish: string): string {
  const taken = (name: string): boolean =>
    initializer.some((tensor) => tensor.name === name) || node.some(({ output }) => output.includes(name));
  let name = wish;
  for (let i = 1; taken(name); i++) name = `${wish}_${i}`;
  return name;
}
