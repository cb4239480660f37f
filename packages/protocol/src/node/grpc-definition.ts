import { type DescMethod, type DescService, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';

/** One method in the shape that @grpc/grpc-js takes. */
export interface GrpcMethod<Request, Response> {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  requestSerialize(value: Request): Buffer;
  requestDeserialize(bytes: Uint8Array): Request;
  responseSerialize(value: Response): Buffer;
  responseDeserialize(bytes: Uint8Array): Response;
}

/** A service in the shape that `server.addService` and `makeGenericClientConstructor` of @grpc/grpc-js take. */
export type GrpcDefinition<Service extends DescService> = {
  readonly [Name in keyof Service['method']]: Service['method'][Name] extends DescMethod
    ? GrpcMethod<MessageShape<Service['method'][Name]['input']>, MessageShape<Service['method'][Name]['output']>>
    : never;
};

/** Makes the definition of a service for @grpc/grpc-js. For Node: it makes Buffers, which grpc-js asks for. */
export function grpcDefinition<Service extends DescService>(service: Service): GrpcDefinition<Service> {
  const methods = service.methods.map((method) => [method.localName, grpcMethod(service, method)] as const);
  return Object.fromEntries(methods) as GrpcDefinition<Service>;
}

function grpcMethod(
  service: DescService,
  method: DescMethod,
): GrpcMethod<MessageShape<DescMethod['input']>, MessageShape<DescMethod['output']>> {
  const kind = method.methodKind;
  return {
    path: `/${service.typeName}/${method.name}`,
    requestStream: kind === 'client_streaming' || kind === 'bidi_streaming',
    responseStream: kind === 'server_streaming' || kind === 'bidi_streaming',
    requestSerialize: (value) => asBuffer(toBinary(method.input, value)),
    requestDeserialize: (bytes) => fromBinary(method.input, asBytes(bytes)),
    responseSerialize: (value) => asBuffer(toBinary(method.output, value)),
    responseDeserialize: (bytes) => fromBinary(method.output, asBytes(bytes)),
  };
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A plain view: else the bytes fields of a message would be Buffers, whose `slice` does not copy. */
const asBytes = (buffer: Uint8Array): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
