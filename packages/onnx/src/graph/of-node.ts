import { OnnxError } from '../errors.js';
import type { Operation, Shape } from './types.js';

/**
 * Does something for a node. A rule takes for granted that inputs and attributes are those of its operator; where they
 * are not, what it trips over becomes an error that names the node.
 *
 * @throws OnnxError ONNX_UNSUPPORTED
 */
export function ofNode<T>({ name, type }: Pick<Operation, 'name' | 'type'>, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (cause instanceof OnnxError) throw cause;
    throw misfit(name, type, cause instanceof Error ? cause.message : `${cause}`, cause);
  }
}

/**
 * @throws OnnxError ONNX_UNSUPPORTED: a size that is no size, which follows from attributes that do not fit the inputs
 */
export function checkSizes({ name, type, outputs }: Operation): void {
  for (const { shape } of outputs) {
    // An attribute that should be a list and is a number can come out as a shape.
    if (shape === undefined || (Array.isArray(shape) && shape.every(isSize))) continue;
    throw misfit(name, type, `its output would have the shape [${shape}]`);
  }
}

const isSize = (size: Shape[number]): boolean => size === undefined || (Number.isSafeInteger(size) && size >= 0);

const misfit = (name: string, type: string, what: string, cause?: unknown): OnnxError =>
  new OnnxError(
    'ONNX_UNSUPPORTED',
    `"${name}", a ${type}, has inputs or attributes that do not fit it (${what}); see what onnx.checker.check_model(model, full_check=True) says.`,
    { cause },
  );
