import { OnnxError } from '@renorm/onnx';
import { COME_BACK_TRAILER, GrpcStatus, grpcStatusOf, RenormError } from '@renorm/protocol';
import type { CallStatus } from './wire/answer-format.js';

/**
 * What a client is told: the code and text of our own errors, and of others only that there was one. The cause stays
 * here.
 */
export function toStatus(error: unknown): CallStatus {
  const known = error instanceof RenormError || error instanceof OnnxError;
  const details = known ? error.message : 'CLOUD_FAILED: the cloud failed while it handled the request; see its log.';
  if (!(error instanceof RenormError)) return { code: GrpcStatus.Internal, details };
  const { code, comeBackMs } = error;
  if (comeBackMs === undefined) return { code: grpcStatusOf(code), details };
  return { code: grpcStatusOf(code), details, trailers: { [COME_BACK_TRAILER]: Math.ceil(comeBackMs) } };
}
