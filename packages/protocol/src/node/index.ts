// What needs Node's Buffers: the service, for transports over @grpc/grpc-js.
export { type GrpcDefinition, type GrpcMethod, grpcDefinition } from './grpc-definition.js';
export { checkCertificates } from './pem.js';
export { readSecretFile } from './secret-file.js';
export { type FoundPreprocessing, preprocessingBeside, readLabels, readPreprocessing } from './read-named-files.js';
