import type { IncomingHttpHeaders } from 'node:http';
import { GrpcStatus, RenormError } from '@renorm/protocol';
import { type AnswerFormat, GRPC, grpcWeb } from './answer-format.js';
import { Call, deadlineOf } from './call.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import { Doors } from './doors.js';
import type { Exchange } from './exchange.js';
import { MessageReader } from './message-reader.js';
import { Origins } from './origins.js';
import { RequestMemory } from './request-memory.js';
import { serveFile } from './served-file.js';
import type { Method, ServerSetup } from './server-setup.js';
import type { WireLimits } from './wire-limits.js';

/**
 * A server of gRPC, and of gRPC-Web where pages may call, for unary calls and server streams, that holds no byte of a
 * request before it knows who sends it, and bounds everything that a peer can make it hold. grpc-js reads requests
 * before any code of ours sees their bytes and has no bound over all calls: 64 unfinished requests of 16 MiB on one
 * connection cost a gigabyte (docs/decisions/0010-own-grpc-server.md).
 */
export class GrpcServer<Identity> {
  readonly memory: RequestMemory;
  readonly #setup: ServerSetup<Identity>;
  readonly #doors: Doors;
  readonly #origins: Origins | undefined;
  #streams = 0;

  /** @throws RenormError REQUEST_INVALID: an origin is none */
  constructor(setup: ServerSetup<Identity>) {
    const { limits, tls, origins } = setup;
    this.#setup = setup;
    this.#origins = origins && new Origins(origins);
    this.memory = new RequestMemory(limits.maxRequestBytes, limits.maxRequestBytesPerPeer);
    this.#doors = new Doors({
      ...{ limits, tls, http1: origins !== undefined },
      onRefused: (error) => setup.onRefused(error),
      onExchange: (exchange, connection, needsTls) => this.#begin(exchange, connection, needsTls),
    });
  }

  get connections(): Connections {
    return this.#doors.connections;
  }

  /** @returns the port @throws the system's error: it cannot be listened on */
  async listen(host: string, port: number): Promise<number> {
    const bound = await this.#doors.listen(host, port);
    if (this.#setup.files !== undefined) this.#origins?.allowOwn(this.#setup.tls !== undefined, host, bound);
    return bound;
  }

  /** Takes no more connections and lets calls in hand finish, for so many milliseconds at most. */
  close(graceMs: number): Promise<void> {
    return this.#doors.close(graceMs);
  }

  #begin(exchange: Exchange, connection: Connection, needsTls: boolean): void {
    const { files } = this.#setup;
    if (files !== undefined && !needsTls && serveFile(files, exchange, connection)) return;
    if (this.#origins !== undefined && exchange.method === 'OPTIONS') this.#permit(exchange, connection, this.#origins);
    else this.#call(exchange, connection, needsTls);
  }

  /** Before a browser sends the call of a page it asks whether the page may. */
  #permit(exchange: Exchange, connection: Connection, origins: Origins): void {
    try {
      exchange.answer(204, origins.permission(exchange.headers));
    } catch (error) {
      connection.refused();
      this.#setup.onRefused(error);
      exchange.answer(403, {});
    }
  }

  /** From the headers alone: who it is, and whether there is room for the call. */
  #call(exchange: Exchange, connection: Connection, needsTls: boolean): void {
    const { headers, path } = exchange;
    const method = this.#setup.methods.get(path);
    let call: Call | undefined;
    const fail = (error: unknown): void => {
      // Who has left, or has a status, is not told.
      if (call === undefined || call.ended) return;
      this.#setup.onRefused(error);
      call.end(this.#setup.statusOf(error));
    };
    try {
      const format = this.#formatOf(exchange);
      if (format === undefined) {
        exchange.answer(415, {});
        connection.refused();
        return;
      }
      call = new Call(exchange, format, method?.isStream ?? false);
      // It was counted when it came.
      if (connection.turnedAway !== undefined) {
        call.end(this.#setup.statusOf(connection.turnedAway));
        return;
      }
      checkSize(headers, this.#setup.limits.maxHeaderBytes);
      if (needsTls) throw tlsNeeded();
      const identity = this.#setup.identify(headers.authorization);
      if (method === undefined) {
        connection.refused();
        call.end({ code: GrpcStatus.Unimplemented, details: `there is no method ${path}` });
        return;
      }
      this.#open(call, connection);
      if (!method.isStream) this.#enter(connection, call);
      connection.letIn(call);
      this.#receive(exchange, call, connection, identity, method, fail);
    } catch (error) {
      connection.refused();
      if (call !== undefined) {
        fail(error);
        return;
      }
      this.#setup.onRefused(error);
      exchange.answer(403, {});
    }
  }

  /** @returns undefined: it is no call @throws RenormError ORIGIN_NOT_ALLOWED */
  #formatOf({ method, headers, hasTrailers }: Exchange): AnswerFormat | undefined {
    if (method !== 'POST') return undefined;
    const type = headers['content-type'] ?? '';
    if (hasTrailers && /^application\/grpc($|[+;])/.test(type)) return GRPC;
    if (this.#origins === undefined || !/^application\/grpc-web($|[+;])/.test(type)) return undefined;
    return grpcWeb(this.#origins.headersFor(headers));
  }

  /** @throws RenormError TOO_MANY_CALLS */
  #open(call: Call, connection: Connection): void {
    const { maxStreams: most, maxStreamsPerPeer } = this.#setup.limits;
    // HTTP/2 has bounded them already; requests of HTTP/1.1 may come one behind the other.
    if (connection.calls.size >= maxStreamsPerPeer) {
      const text = `${maxStreamsPerPeer} streams of this connection are open, and no more are taken; end some, or raise the cloud's limit maxStreamsPerPeer.`;
      throw new RenormError('TOO_MANY_CALLS', text);
    }
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
    { request, headers }: Exchange,
    call: Call,
    connection: Connection,
    identity: Identity,
    method: Method<Identity>,
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
    call.onClose(() => {
      if (!handling || method.isStream) call.release();
    });
    request.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
        memory.hold(reader.held);
      } catch (error) {
        giveUp(error);
      }
    });
    request.once('end', () => {
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
