import type { NodeProto } from '../gen/onnx/onnx_pb.js';

/** The operator of a node: its name, and its domain where that is not the default one. */
export const typeOf = ({ opType, domain }: Pick<NodeProto, 'opType' | 'domain'>): string =>
  domain === '' ? opType : `${domain}::${opType}`;

/** A node's name, or its output's where it has none. */
export const nameOf = ({ name, output, opType }: Pick<NodeProto, 'name' | 'output' | 'opType'>): string =>
  name || (output.find((each) => each !== '') ?? opType);
