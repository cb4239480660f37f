import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { fileURLToPath } from 'node:url';
import {
  AnnounceRequestSchema,
  create,
  encodeSample,
  toBinary,
  UploadRequestSchema,
  WatchRequestSchema,
} from '@renorm/protocol';
import type { GatewayStatus } from '../events.js';
import type { GatewayLimits } from './gateway-limits.js';
import { EDGE_DIGEST, EXPORTED, SAMPLE_SHAPE } from './null-cohorts.test-support.js';
import { framed } from './wire/answer-format.js';

export const MIB = 2 ** 20;

const device = (id: string, cohort: string) => ({ id, cohort, modelDigest: EDGE_DIGEST });
const running = { number: 0n, digest: EXPORTED.digest };

export const announcement = (cohort = 'lobby', id = 'cam'): Buffer =>
  framed(toBinary(AnnounceRequestSchema, create(AnnounceRequestSchema, { device: device(id, cohort), running })));

export const watching = (cohort = 'lobby', id = 'cam'): Buffer =>
  framed(toBinary(WatchRequestSchema, create(WatchRequestSchema, { device: device(id, cohort), running })));

/** An upload of so many samples. */
export function uploading(count: number, cohort = 'lobby', id = 'cam', first = 1): Buffer {
  const data = new Float32Array(SAMPLE_SHAPE.reduce((a, b) => a * b)).fill(0.5);
  const encoded = encodeSample({ data, shape: SAMPLE_SHAPE });
  const samples = Array.from({ length: count }, (_, i) => ({ ...encoded, sequence: BigInt(first + i), entropy: 1 }));
  const request = { device: device(id, cohort), session: new Uint8Array(16).fill(3), samples };
  return framed(toBinary(UploadRequestSchema, create(UploadRequestSchema, request)));
}

/** A part of a message that says it has so many bytes. */
export function beginning(announced: number, sent: number): Buffer {
  const frame = framed(new Uint8Array(sent));
  frame.writeUInt32BE(announced, 1);
  return frame;
}

/** How a call ended: the code of its error, 'ok', or 'reset'. */
export type Outcome = string;

/** A peer that speaks HTTP/2 and sends whatever it likes. */
export class RawPeer {
  readonly session: ClientHttp2Session;
  readonly #token: string | undefined;

  constructor(port: number, token?: string) {
    // A client of Node resets its own streams beyond 10 MB.
    this.session = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 4096 });
    this.session.on('error', () => undefined);
    this.#token = token;
  }

  get closed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.session.destroyed) resolve();
      else this.session.once('close', () => resolve());
    });
  }

  begin(method: string, headers: Readonly<Record<string, string>> = {}): ClientHttp2Stream {
    const stream = this.session.request({
      ...{ ':method': 'POST', ':path': `/renorm.v1.AdaptationService/${method}` },
      ...{ 'content-type': 'application/grpc', te: 'trailers' },
      ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
      ...headers,
    });
    stream.on('error', () => undefined);
    return stream;
  }

  async call(method: string, body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    const stream = this.begin(method, headers);
    stream.end(body);
    return outcome(stream);
  }

  close(): void {
    this.session.destroy();
  }
}

export function outcome(stream: ClientHttp2Stream): Promise<Outcome> {
  return new Promise((resolve) => {
    const told = (headers: { readonly [name: string]: unknown }): void => {
      const status = headers['grpc-status'];
      if (status === undefined) return;
      const message = decodeURIComponent(String(headers['grpc-message'] ?? ''));
      resolve(Number(status) === 0 ? 'ok' : (/^([A-Z_]+): /.exec(message)?.[1] ?? `status ${String(status)}`));
    };
    stream.on('response', told);
    stream.on('trailers', told);
    stream.on('close', () => resolve('reset'));
    stream.resume();
  });
}

/** A gateway in a process of its own. */
export class GatewayProcess {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(limits: Partial<GatewayLimits>, tokens?: string): Promise<GatewayProcess> {
    const program = fileURLToPath(new URL('gateway-process.test-support.js', import.meta.url));
    const child = fork(program, [JSON.stringify(limits), ...(tokens === undefined ? [] : [tokens])]);
    const { port } = await answer<{ port: number }>(child);
    return new GatewayProcess(child, port);
  }

  /** Resident memory in bytes, as the system sees it. */
  get memory(): number {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'utf8'))?.[1];
    return Number(kib) * 1024;
  }

  async status(): Promise<GatewayStatus> {
    const status = answer<{ status: GatewayStatus }>(this.#child);
    this.#child.send('status');
    return (await status).status;
  }

  stop(): void {
    this.#child.kill();
  }
}

const answer = <Message>(child: ChildProcess): Promise<Message> =>
  new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as Message));
    child.once('exit', (code) => reject(new Error(`the gateway ended with ${code}`)));
  });
