import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createListener, type Server as Listener, type Socket } from 'node:net';
import { GrpcStatus, RenormError } from '@renorm/protocol';
import { Call, deadlineOf } from './call.js';
import type { Connection } from './connection.js';
import { Connections } from './connections.js';
import { MessageReader } from './message-reader.js';
import { RequestMemory } from './request-memory.js';
import type { Method, ServerSetup } from './server-setup.js';
import type { WireLimits } from './wire-limits.js';

/** A pair of these ends a message that is far too long in any case. */
const MAX_HEADER_PAIRS = 64;
/** What nghttp2 and Node may hold for one connection, in MiB: headers, frames that wait. */
const MAX_SESSION_MIB = 32;
const HANDSHAKE_MS = 10_000;
const TLS_HANDSHAKE = 0x16;
const BACKLOG = 1_024;

/**
 * A gRPC server for unary calls and server streams that holds no byte of a request before it knows who sends it, and bounds everything
 * that a peer can make it hold. grpc-js reads requests before any code of ours sees their bytes and has no bound over all calls: 64
 * unfinished requests of 16 MiB on one connection cost a gigabyte (docs/decisions/0010-own-grpc-server.md).
 */
export class GrpcServer<Identity> {
  readonly connections: Connections;
  readonly memory: RequestMemory;
  readonly #setup: ServerSetup<Identity>;
  readonly #listener: Listener;
  readonly #plain: Http2Server;
  readonly #secure: Http2SecureServer | undefined;
  #streams = 0;
  #unwatch: () => void = () => undefined;

  constructor(setup: ServerSetup<Identity>) {
    const { limits, tls } = setup;
    this.#setup = setup;
    this.connections = new Connections(limits, (error) => setup.onRefused(error));
    this.memory = new RequestMemory(limits.maxRequestBytes, limits.maxRequestBytesPerPeer);
    const options = {
      settings: { maxConcurrentStreams: limits.maxStreamsPerPeer, maxHeaderListSize: limits.maxHeaderBytes },
      maxSessionMemory: MAX_SESSION_MIB,
      maxHeaderListPairs: MAX_HEADER_PAIRS,
    };
    this.#plain = this.#served(createServer(options), tls !== undefined);
    if (tls !== undefined) {
      const secure = createSecureServer({ ...options, ...tls.serverOptions(), handshakeTimeout: HANDSHAKE_MS });
      secure.on('tlsClientError', (_error, socket: Socket) => socket.destroy());
      this.#unwatch = tls.watch(() => secure.setSecureContext(tls.serverOptions()));
      this.#secure = this.#served(secure, false);
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
    // The first byte says whether the peer speaks TLS: one that does not is told so in its own language.
    socket.once('readable', () => {
      const first = socket.read(1) as Buffer | null;
      if (first === null) return;
      socket.unshift(first);
      const server = first[0] === TLS_HANDSHAKE ? this.#secure : this.#plain;
      // Not a word of TLS: a peer that asked for it can tell so from a cloud that is away.
      if (server === undefined) socket.end('this cloud speaks without TLS\n');
      else server.emit('connection', socket);
    });
  }

  #served<Server extends Http2Server | Http2SecureServer>(server: Server, needsTls: boolean): Server {
    server.on('session', (session: ServerHttp2Session) => this.connections.of(session.socket)?.began(session));
    server.on('sessionError', () => undefined);
    server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      const connection = stream.session && this.connections.of(stream.session.socket);
      if (connection === undefined) stream.destroy();
      else this.#begin(stream, headers, connection, needsTls);
    });
    return server;
  }

  /** From the headers alone: who it is, and whether there is room for the call. */
  #begin(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, connection: Connection, needsTls: boolean): void {
    const path = String(headers[':path']);
    const method = this.#setup.methods.get(path);
    const call = new Call(stream, method?.isStream ?? false);
    const fail = (error: unknown): void => {
      // Who has left, or has a status, is not told.
      if (call.ended) return;
      this.#setup.onRefused(error);
      call.end(this.#setup.statusOf(error));
    };
    // It was counted when it came.
    if (connection.turnedAway !== undefined) {
      call.end(this.#setup.statusOf(connection.turnedAway));
      return;
    }
    try {
      checkSize(headers, this.#setup.limits.maxHeaderBytes);
      if (needsTls) throw tlsNeeded();
      if (headers[':method'] !== 'POST' || !isGrpc(headers['content-type'])) {
        stream.respond({ ':status': 415 }, { endStream: true });
        connection.refused();
        return;
      }
      const identity = this.#setup.identify(headers.authorization);
      if (method === undefined) {
        connection.refused();
        call.end({ code: GrpcStatus.Unimplemented, details: `there is no method ${path}` });
        return;
      }
      this.#open(call);
      if (!method.isStream) this.#enter(connection, call);
      connection.letIn(call);
      this.#receive(call, connection, identity, method, headers, fail);
    } catch (error) {
      connection.refused();
      fail(error);
    }
  }

  /** @throws RenormError TOO_MANY_CALLS */
  #open(call: Call): void {
    const most = this.#setup.limits.maxStreams;
    if (this.#streams >= most) {
      const text = `${most} streams are open at this cloud, and no more are taken; try again later, or raise its limit maxStreams.`;
      throw new RenormError('TOO_MANY_CALLS', text);
    }
    this.#streams++;
    call.onClose(() => this.#streams--);
  }

  #enter(connection: Connection, call: Call): void {
    const most = this.#setup.limits.maxCallsPerPeer;
    if (connection.unary >= most) {
      const text = `${most} calls of this connection are being answered, more are not taken; wait for an answer before you send more.`;
      throw new RenormError('TOO_MANY_CALLS', text);
    }
    connection.unary++;
    call.onRelease(() => connection.unary--);
  }

  #receive(
    call: Call,
    connection: Connection,
    identity: Identity,
    method: Method<Identity>,
    headers: IncomingHttpHeaders,
    fail: (error: unknown) => void,
  ): void {
    const { limits, ownerOf } = this.#setup;
    const reader = new MessageReader(limits.maxMessageBytes);
    const giveUp = (error: unknown): void => {
      fail(error);
      reader.drop();
      call.release();
    };
    const memory = this.memory.open(ownerOf(identity) ?? connection.address, connection, (over) =>
      giveUp(tooMuch(over, limits)),
    );
    call.onRelease(() => memory.release());
    const inTime = call.after(limits.requestMs, () => giveUp(tooSlow(limits.requestMs)));
    const deadlineMs = deadlineOf(headers);
    if (deadlineMs !== undefined)
      call.after(deadlineMs, () => call.end({ code: GrpcStatus.DeadlineExceeded, details: 'the deadline passed' }));
    // A peer that leaves while its request is handled has it counted until then: the work goes on.
    let handling = false;
    call.stream.once('close', () => {
      if (!handling || method.isStream) call.release();
    });
    call.stream.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
        memory.hold(reader.held);
      } catch (error) {
        giveUp(error);
      }
    });
    call.stream.once('end', () => {
      inTime();
      if (call.ended) return;
      handling = true;
      const handle = async (): Promise<void> => method.handle(reader.end(), call, identity);
      handle()
        .catch(fail)
        .finally(() => call.release());
    });
  }
}

/** What HTTP/2 counts for a field beside its name and value (RFC 9113, 6.5.2). */
const FIELD_BYTES = 32;

/** Node advertises `maxHeaderListSize` and enforces 64 KiB of its own. @throws RenormError MESSAGE_TOO_LARGE */
function checkSize(headers: IncomingHttpHeaders, most: number): void {
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) bytes += FIELD_BYTES + name.length + String(value).length;
  if (bytes <= most) return;
  const text = `the call has ${bytes} bytes of headers, which is larger than the ${most} that this cloud takes; send fewer, or raise the cloud's limit maxHeaderBytes.`;
  throw new RenormError('MESSAGE_TOO_LARGE', text);
}

const isGrpc = (type: string | undefined): boolean => /^application\/grpc($|[+;])/.test(type ?? '');

const tlsNeeded = (): RenormError =>
  new RenormError(
    'TLS_MISMATCH',
    "this cloud speaks TLS, and the device came without; give the device the certificate of the authority that signed the cloud's (tls.authority, renorm edge --tls-authority).",
  );

function tooMuch(over: 'connection' | 'all', limits: WireLimits): RenormError {
  const text =
    over === 'connection'
      ? `requests of this connection hold more than ${limits.maxRequestBytesPerPeer} bytes; send less at a time, or raise the cloud's limit maxRequestBytesPerPeer.`
      : `requests hold the ${limits.maxRequestBytes} bytes that this cloud has for them, and this one was the largest of who holds most; send it again later, or raise the cloud's limit maxRequestBytes.`;
  return new RenormError('TOO_MANY_BYTES', text);
}

const tooSlow = (ms: number): RenormError =>
  new RenormError(
    'REQUEST_TIMEOUT',
    `the request did not come in within ${ms} ms; send smaller uploads over a slow line, or raise the cloud's limit requestMs.`,
  );
