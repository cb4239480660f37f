import type { ChannelCredentials } from '@grpc/grpc-js';
import type { Outcome } from './outcome.js';

/** How a cloud is spoken to: gRPC over HTTP/2, or gRPC-Web as a browser speaks it. */
export type Protocol = 'grpc' | 'grpc-web';
export const PROTOCOLS: readonly Protocol[] = ['grpc', 'grpc-web'];

/** The cloud under test, and how to get in. */
export interface Target {
  /** host:port */
  readonly address: string;
  readonly credentials: ChannelCredentials;
  readonly token?: string;
  /** What `credentials` are made of, for connections without gRPC; undefined: no TLS. */
  readonly tls?: TlsBytes;
  /** Default: grpc. */
  readonly protocol?: Protocol;
}

/** PEM. */
export interface TlsBytes {
  readonly ca: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export type Method = 'Announce' | 'Upload' | 'Watch';
export const METHODS: readonly Method[] = ['Announce', 'Upload', 'Watch'];
export const PATH = '/renorm.v1.AdaptationService/';

/** How to make a call. */
export interface CallOptions {
  readonly deadlineMs?: number;
  /** Aborts the call. */
  readonly signal?: AbortSignal;
}

/** What comes on a stream. */
export interface StreamHandlers {
  onMessage(message: Uint8Array): void;
  /** Once. */
  onEnd(status: number, details: string): void;
}

/** Calls that send any bytes. */
export interface Wire {
  unary(
    method: Method,
    request: Uint8Array,
    options: Required<Pick<CallOptions, 'deadlineMs'>> & CallOptions,
  ): Promise<Outcome<Uint8Array>>;
  /** @returns cancels it */
  stream(method: Method, request: Uint8Array, handlers: StreamHandlers): () => void;
  close(): void;
}
