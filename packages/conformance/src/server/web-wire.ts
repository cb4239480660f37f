import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { FrameReader, framed } from './frames.js';
import type { Outcome } from './outcome.js';
import { type CallOptions, type Method, PATH, type StreamHandlers, type Target, type Wire } from './wire.js';

const CANCELLED = 1;
const UNKNOWN = 2;
const DEADLINE_EXCEEDED = 4;
const UNAVAILABLE = 14;

/** gRPC-Web over HTTP/1.1, which keeps connections and opens as many as it has calls in flight. */
export class WebWire implements Wire {
  readonly #target: Target;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(target: Target) {
    this.#target = target;
    this.#agent = new (target.tls === undefined ? HttpAgent : HttpsAgent)({ keepAlive: true });
  }

  unary(
    method: Method,
    body: Uint8Array,
    { deadlineMs, signal }: CallOptions & { readonly deadlineMs: number },
  ): Promise<Outcome<Uint8Array>> {
    return new Promise((resolve) => {
      let value: Uint8Array | undefined;
      const fail = (status: number, details: string): void => resolve({ ok: false, status, details });
      const cancel = this.#begin(
        method,
        body,
        { 'grpc-timeout': `${Math.ceil(deadlineMs)}m` },
        {
          onMessage: (message) => (value = message),
          onEnd(status, details) {
            clearTimeout(timer);
            if (status === 0 && value !== undefined) resolve({ ok: true, value });
            else fail(status, details);
          },
        },
      );
      const timer = setTimeout(() => {
        fail(DEADLINE_EXCEEDED, 'the deadline passed');
        cancel();
      }, deadlineMs);
      const abort = (): void => {
        fail(CANCELLED, 'cancelled');
        cancel();
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  stream(method: Method, body: Uint8Array, handlers: StreamHandlers): () => void {
    return this.#begin(method, body, {}, handlers);
  }

  close(): void {
    this.#agent.destroy();
  }

  #begin(
    method: Method,
    body: Uint8Array,
    headers: Readonly<Record<string, string>>,
    { onMessage, onEnd }: StreamHandlers,
  ): () => void {
    const { address, token, tls } = this.#target;
    const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(address) ?? [];
    const options = {
      ...{ method: 'POST', host, port, path: `${PATH}${method}`, agent: this.#agent, ...tls },
      headers: {
        ...{ 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1' },
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
    };
    let ended = false;
    const end = (status: number, details: string): void => {
      if (!ended) onEnd(status, details);
      ended = true;
    };
    const request: ClientRequest = (tls === undefined ? requestHttp : requestHttps)(options);
    request.on('error', (error) => end(UNAVAILABLE, error.message));
    request.on('response', (response: IncomingMessage) => {
      const frames = new FrameReader();
      response.on('error', (error) => end(UNAVAILABLE, error.message));
      response.on('data', (chunk: Buffer) => {
        for (const message of frames.push(chunk)) onMessage(message);
      });
      response.on('end', () => {
        const { status, details } = frames.status ?? {
          status: UNKNOWN,
          details: `HTTP status ${response.statusCode} and no gRPC status`,
        };
        end(status, details);
      });
    });
    request.end(framed(body));
    return () => request.destroy();
  }
}
