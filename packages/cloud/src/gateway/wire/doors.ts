import {
  createServer as createHttp1,
  type Server as Http1Server,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import {
  createServer as createHttp2,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createListener, type Server as Listener, type Socket } from 'node:net';
import { createServer as createTls, type TLSSocket, type Server as TlsServer } from 'node:tls';
import type { Connection } from './connection.js';
import { Connections } from './connections.js';
import type { Exchange } from './exchange.js';
import { Http1Exchange } from './http1-exchange.js';
import { Http2Exchange } from './http2-exchange.js';
import type { ServerCertificates } from './server-setup.js';
import type { WireLimits } from './wire-limits.js';

/** A pair of these ends a message that is far too long in any case. */
const MAX_HEADER_PAIRS = 64;
/** What nghttp2 and Node may hold for one connection, in MiB: headers, frames that wait. */
const MAX_SESSION_MIB = 32;
const HANDSHAKE_MS = 10_000;
const TLS_HANDSHAKE = 0x16;
/** How HTTP/2 begins. No method of HTTP/1.1 that is taken begins so. */
const PREFACE = Buffer.from('PRI');
const BACKLOG = 1_024;
const NO_HTTP1 =
  'HTTP/1.1 505 HTTP Version Not Supported\r\nconnection: close\r\ncontent-type: text/plain\r\n\r\nthis cloud speaks gRPC over HTTP/2; for browsers start it with the origins of their pages (renorm cloud --web-origins)\n';

export interface DoorsSetup {
  readonly limits: WireLimits;
  readonly tls?: ServerCertificates | undefined;
  /** Whether HTTP/1.1 is taken beside HTTP/2. */
  readonly http1: boolean;
  onRefused(error: unknown): void;
  /** A request has come as far as its headers. @param needsTls it came without TLS and should not have */
  onExchange(exchange: Exchange, connection: Connection, needsTls: boolean): void;
}

/** One port for all that may come: TLS or not, HTTP/2 or HTTP/1.1. */
export class Doors {
  readonly connections: Connections;
  readonly #setup: DoorsSetup;
  readonly #listener: Listener;
  readonly #http2: Http2Server;
  readonly #http1: Http1Server | undefined;
  readonly #tls: TlsServer | undefined;
  #unwatch: () => void = () => undefined;

  constructor(setup: DoorsSetup) {
    const { limits, tls, http1 } = setup;
    this.#setup = setup;
    this.connections = new Connections(limits, (error) => setup.onRefused(error));
    this.#http2 = this.#openHttp2();
    this.#http1 = http1 ? this.#openHttp1() : undefined;
    if (tls !== undefined) {
      const protocols = http1 ? ['h2', 'http/1.1'] : ['h2'];
      const secure = createTls({ ...tls.serverOptions(), ALPNProtocols: protocols, handshakeTimeout: HANDSHAKE_MS });
      secure.on('tlsClientError', (_error, socket: Socket) => socket.destroy());
      secure.on('secureConnection', (socket: TLSSocket) => {
        socket.on('error', () => undefined);
        this.#serve(socket, socket.alpnProtocol === 'h2');
      });
      this.#unwatch = tls.watch(() => secure.setSecureContext(tls.serverOptions()));
      this.#tls = secure;
    }
    this.#listener = createListener((socket) => this.#accept(socket));
  }

  /** @returns the port @throws the system's error: it cannot be listened on */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#listener.once('error', reject);
      this.#listener.listen({ host, port, backlog: BACKLOG }, () => {
        this.#listener.removeListener('error', reject);
        const bound = this.#listener.address();
        resolve(typeof bound === 'object' && bound !== null ? bound.port : port);
      });
    });
  }

  /** Takes no more connections and lets calls in hand finish, for so many milliseconds at most. */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    this.connections.drain();
    const timer = setTimeout(() => this.connections.close(), graceMs);
    await closed;
    clearTimeout(timer);
    this.connections.close();
    this.#unwatch();
  }

  #accept(socket: Socket): void {
    socket.on('error', () => undefined);
    const connection = this.connections.accept(socket);
    if (connection === undefined) {
      socket.destroy();
      return;
    }
    socket.setNoDelay(true);
    // The first bytes say what the peer speaks: one that speaks something else than it should is told so in its own
    // language.
    let head: Buffer = Buffer.alloc(0);
    const look = (): void => {
      const chunk = socket.read() as Buffer | null;
      if (chunk !== null) head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      const isTls = head[0] === TLS_HANDSHAKE;
      const size = Math.min(head.length, PREFACE.length);
      const mayBeHttp2 = head.subarray(0, size).equals(PREFACE.subarray(0, size));
      if (head.length === 0 || (mayBeHttp2 && size < PREFACE.length)) return;
      socket.off('readable', look);
      socket.unshift(head);
      if (!isTls) this.#serve(socket, mayBeHttp2);
      else if (this.#tls !== undefined) this.#tls.emit('connection', socket);
      // Not a word of TLS: a peer that asked for it can tell so from a cloud that is away.
      else socket.end('this cloud speaks without TLS\n');
    };
    socket.on('readable', look);
  }

  #serve(socket: Socket, isHttp2: boolean): void {
    if (isHttp2) this.#http2.emit('connection', socket);
    else if (this.#http1 !== undefined) this.#http1.emit('connection', socket);
    else socket.end(NO_HTTP1);
  }

  #openHttp2(): Http2Server {
    const { limits, tls, onExchange } = this.#setup;
    const server = createHttp2({
      settings: { maxConcurrentStreams: limits.maxStreamsPerPeer, maxHeaderListSize: limits.maxHeaderBytes },
      maxSessionMemory: MAX_SESSION_MIB,
      maxHeaderListPairs: MAX_HEADER_PAIRS,
    });
    server.on('session', (session: ServerHttp2Session) => this.connections.of(session.socket)?.began(session));
    server.on('sessionError', () => undefined);
    server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      const { session } = stream;
      const connection = session && this.connections.of(session.socket);
      if (connection === undefined) stream.destroy();
      else onExchange(new Http2Exchange(stream, headers), connection, tls !== undefined && session?.encrypted !== true);
    });
    return server;
  }

  /** It listens nowhere, so that timers of its own never run: `Connections` looks what is due. */
  #openHttp1(): Http1Server {
    const { limits, tls, onExchange } = this.#setup;
    const server = createHttp1({ maxHeaderSize: limits.maxHeaderBytes, keepAliveTimeout: 0 });
    server.maxHeadersCount = MAX_HEADER_PAIRS;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const { socket } = request;
      const connection = this.connections.of(socket);
      if (connection === undefined) {
        socket.destroy();
        return;
      }
      if (connection.isDraining) response.shouldKeepAlive = false;
      const encrypted = (socket as Partial<TLSSocket>).encrypted === true;
      onExchange(new Http1Exchange(request, response), connection, tls !== undefined && !encrypted);
    });
    return server;
  }
}
