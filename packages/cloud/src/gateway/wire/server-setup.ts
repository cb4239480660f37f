import type { SecureContextOptions } from 'node:tls';
import type { CallStatus } from './answer-format.js';
import type { Call } from './call.js';
import type { ServedFile } from './served-file.js';
import type { WireLimits } from './wire-limits.js';

/** Serves one method. What a handler throws, or rejects with, becomes the call's status. */
export interface Method<Identity> {
  /** Streams answer for as long as they like; other calls count as being answered until `handle` resolves. */
  readonly isStream: boolean;
  handle(request: Uint8Array, call: Call, identity: Identity): Promise<void>;
}

/** What a TLS server is made with, and given again when its files change. */
export interface TlsServerOptions extends SecureContextOptions {
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
}

/** Certificates that may change while the server runs. */
export interface ServerCertificates {
  /** For a server of node:tls or node:http2. */
  serverOptions(): TlsServerOptions;
  /** Calls back when they are others. @returns ends it */
  watch(changed: () => void): () => void;
}

/** What a server is to be told of those whom it serves: it knows calls, and nothing of what they are about. */
export interface ServerSetup<Identity> {
  /** By path. */
  readonly methods: ReadonlyMap<string, Method<Identity>>;
  readonly limits: WireLimits;
  readonly tls?: ServerCertificates | undefined;
  /**
   * Of pages that may call, by gRPC-Web over HTTP/2 or HTTP/1.1; `*`: any. Without it gRPC over HTTP/2 alone is served.
   */
  readonly origins?: readonly string[] | undefined;
  /** By path: what a browser is given that asks for it. */
  readonly files?: ReadonlyMap<string, ServedFile> | undefined;
  /** Says who calls, by the header `authorization` alone. @throws RenormError UNAUTHENTICATED */
  identify(authorization: string | undefined): Identity;
  /** Who shares one allowance of memory: a token; undefined: whoever shares an address. */
  ownerOf(identity: Identity): string | undefined;
  /** What a peer is told of an error. */
  statusOf(error: unknown): CallStatus;
  /** A call, or a connection, ends with this error. */
  onRefused(error: unknown): void;
}
