import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { OnnxError } from '@renorm/onnx';
import { GrpcStatus, grpcStatusOf, RenormError } from '@renorm/protocol';

/** What a client is told: the code and text of our own errors, and of others only that there was one. The cause stays here. */
export function toServiceError(error: unknown): ServiceError {
  const known = error instanceof RenormError || error instanceof OnnxError;
  const details = known ? error.message : 'CLOUD_FAILED: the cloud failed while it handled the request; see its log.';
  const code = error instanceof RenormError ? grpcStatusOf(error.code) : GrpcStatus.Internal;
  return Object.assign(new Error(details), { code, details, metadata: new Metadata() });
}
