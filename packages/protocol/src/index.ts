// Errors, for everyone.
export {
  COME_BACK_TRAILER,
  ERROR_CODES,
  type ErrorCode,
  type ErrorKind,
  errorFromGrpc,
  type GrpcFailure,
  grpcStatusOf,
  reasonOf,
  RenormError,
  unreadable,
} from './errors.js';
export { GrpcStatus } from './grpc-status.js';

// Options of public functions, checked once at the border.
export { checkOptions, type OptionRule, type OptionRules, option } from './options.js';
export { nearestName } from './nearest-name.js';

// Messages, for whoever speaks the protocol.
export { create, fromBinary, toBinary } from '@bufbuild/protobuf';
export {
  type AnnounceRequest,
  AnnounceRequestSchema,
  type AnnounceResponse,
  AnnounceResponseSchema,
  type Delta,
  DeltaSchema,
  type Device,
  DeviceSchema,
  type Difference,
  DifferenceSchema,
  type ModelFacts as ModelFactsMessage,
  Filter,
  Fit,
  RowFilter,
  type Preprocessing as PreprocessingMessage,
  PreprocessingSchema,
  type Sample,
  SampleEncoding,
  SampleSchema,
  SelectionSchema,
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

// The service, for transports.
export { adaptationService } from './service.js';

// Messages of a peer, checked once at the border.
export { type AgreedModel, checkAgreed, modelFactsMessage, parseModelFacts } from './model-facts.js';
export { checkIdentifier, type PeerDevice, parseDevice, parseReference, type Reference } from './identifiers.js';
export {
  type Announcement,
  type DeviceAnnouncement,
  type GivenImage,
  inUpload,
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
  faultOf,
  type ImageShape,
  imageShape,
  normalizePixels,
  type Preprocessing,
  pixelsOf,
  preprocessingMessage,
  PREPROCESSING_RULES,
} from './preprocessing.js';
export { labelsInMetadata, parseLabels } from './class-names.js';
export { parsePreprocessingFile } from './preprocessing-file.js';
export { checkSelection, type Selection } from './selection.js';
export {
  decodeSketch,
  encodeSketch,
  type LayerMoments,
  type Outlook,
  type Sketch,
  type SketchFormat,
} from './sketch-codec.js';
export {
  decodeSample,
  type EncodedSample,
  elementsOf,
  encodePixels,
  encodeSample,
  MAX_SAMPLE_ELEMENTS,
  SAMPLE_FORMS,
  type SampleForm,
  type Tensor,
} from './sample-codec.js';

// Parameters and versions.
export { concatenate, countElements, type ParameterSet, splitLike } from './parameters.js';
export { type GridTensor, PARAMETER_KINDS, type ParameterGrid } from './delta/parameter-grid.js';
export {
  applyVersion,
  decodeDifference,
  exportedVersion,
  type ParameterVersion,
  type VersionState,
  versionAt,
} from './version-codec.js';
export { type DeltaOptions, encodeDelta, encodeExactDelta, encodeSnapshot, joinDeltas } from './version-encoder.js';

// Names of models and versions.
export { DIGEST_LENGTH, digestBytes, digestParameters } from './digest.js';

// Who may say what a version is.
export * from './trust/index.js';

// Bytes and numbers, where a platform has nothing of its own.
export { equalBytes, indexOfNonFinite, toHex } from './bytes.js';
export { fromFloat16, toFloat16 } from './float16.js';
export { printable, printableLine } from './printable.js';
export { nextDraw, seededRandom } from './random.js';
export { checkToken } from './token.js';
