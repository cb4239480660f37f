/** The gRPC status numbers that the protocol uses (https://grpc.io/docs/guides/status-codes/). */
export const GrpcStatus = {
  Ok: 0,
  Cancelled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  Unauthenticated: 16,
} as const;

/** One of the status numbers above. */
export type GrpcStatus = (typeof GrpcStatus)[keyof typeof GrpcStatus];
