// Messages, for whoever speaks the protocol.
export { create, fromBinary, toBinary } from '@bufbuild/protobuf';
export { equalBytes, indexOfNonFinite, toHex } from './bytes.js';
// Names of models and versions.
export { DIGEST_LENGTH, digestBytes, digestParameters } from './digest.js';
// Errors, for everyone.
export {
  ERROR_CODES,
  type ErrorCode,
  type ErrorKind,
  errorFromGrpc,
  type GrpcFailure,
  grpcStatusOf,
  RenormError,
} from './errors.js';
export {
  type AnnounceRequest,
  AnnounceRequestSchema,
  type AnnounceResponse,
  AnnounceResponseSchema,
  type Delta,
  DeltaSchema,
  type Device,
  DeviceSchema,
  ParameterEncoding,
  type ParameterPayload,
  ParameterPayloadSchema,
  type Sample,
  SampleEncoding,
  SampleSchema,
  type UploadRequest,
  UploadRequestSchema,
  type UploadResponse,
  UploadResponseSchema,
  type Version,
  type VersionReference,
  VersionReferenceSchema,
  VersionSchema,
  type WatchRequest,
  WatchRequestSchema,
  type WatchResponse,
  WatchResponseSchema,
} from './gen/renorm/v1/adaptation_pb.js';
export {
  type Rollback,
  RollbackSchema,
  type RootMetadata,
  RootMetadataSchema,
  type SignedMessage,
  SignedMessageSchema,
} from './gen/renorm/v1/trust_pb.js';
export { GrpcStatus } from './grpc-status.js';
// Messages of a peer, checked once at the border.
export { checkIdentifier, type PeerDevice, parseDevice, parseReference, type Reference } from './identifiers.js';
// Parameters and versions.
export { concatenate, countElements, type ParameterSet, splitLike } from './parameters.js';
export {
  type Announcement,
  parseAnnounce,
  parseUpload,
  parseWatch,
  type ReceivedSample,
  SESSION_LENGTH,
  type Upload,
  type UploadLimits,
} from './parse-request.js';
export {
  parseAnnounceResponse,
  parseUploadResponse,
  parseWatchResponse,
  type Receipt,
  type Welcome,
} from './parse-response.js';
// Samples.
export {
  decodeSample,
  type EncodedSample,
  elementsOf,
  encodeSample,
  MAX_SAMPLE_ELEMENTS,
  type Tensor,
} from './sample-codec.js';
// The service, for transports.
export { adaptationService, type GrpcDefinition, type GrpcMethod, grpcDefinition } from './service.js';
// Who may say what a version is.
export * from './trust/index.js';
export {
  applyVersion,
  type DeltaOptions,
  encodeDelta,
  encodeSnapshot,
  exportedVersion,
  type ParameterVersion,
  type VersionState,
} from './version-codec.js';
