import { readFile } from 'node:fs/promises';
import type { JetStreamClient, JetStreamManager, PubAck, StoredMsg, StreamConfig } from '@nats-io/jetstream';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { RenormError, reasonOf, unreadable } from '@renorm/protocol';
import { type ClusterAddress, parseClusterUrl, withoutSecrets } from './address.js';
import { clusterError, unreachable } from './cluster-error.js';

type Jetstream = typeof import('@nats-io/jetstream');
type Transport = typeof import('@nats-io/transport-node');

/** Of everything that is asked, in milliseconds. */
const ANSWER_MS = 5_000;
const RECONNECT_MS = 250;

/** A message for `publish`. */
export interface Outgoing {
  readonly subject: string;
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** The message of this subject that it has to follow; 0: it has to be the first. */
  readonly after?: number;
}

/** Which message: by its number, the next of a subject from a number on, or the last of a subject. */
export type Query =
  | { readonly seq: number }
  | { readonly next: string; readonly from: number }
  | { readonly last: string };

/**
 * A connection to NATS with JetStream, and the two streams of a store: what the driver needs of them, and nothing else.
 */
export class Cluster {
  /** For messages. */
  readonly label: string;
  /** Begins all subjects. */
  readonly name: string;
  /** The streams: samples, and everything of which only the newest counts. */
  readonly logs: string;
  readonly state: string;
  /** Bytes that a message may have, with room for its headers. */
  readonly largest: number;
  readonly jetstream: JetStreamClient;
  readonly connection: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #headers: () => MsgHdrs;

  private constructor(
    url: string,
    name: string,
    connection: NatsConnection,
    manager: JetStreamManager,
    headers: () => MsgHdrs,
  ) {
    this.label = withoutSecrets(url);
    this.name = name;
    this.logs = `${name}_log`;
    this.state = `${name}_state`;
    this.connection = connection;
    this.#manager = manager;
    this.jetstream = manager.jetstream();
    this.#headers = headers;
    this.largest = (connection.info?.max_payload ?? 2 ** 20) - HEADER_ROOM;
  }

  /**
   * Connects, and makes the streams where they are not there.
   *
   * @throws RenormError REQUEST_INVALID, STORE_UNREACHABLE, DISK_FULL, CREDENTIALS_UNREADABLE
   */
  static async open(url: string): Promise<Cluster> {
    const address = parseClusterUrl(url);
    const label = withoutSecrets(url);
    const [transport, jetstream] = await loadClient();
    const connection = await connected(transport, address, label);
    try {
      const manager = await jetstream.jetstreamManager(connection, { timeout: ANSWER_MS });
      const cluster = new Cluster(url, address.name, connection, manager, transport.headers);
      await cluster.#makeStreams(address, jetstream);
      return cluster;
    } catch (cause) {
      await connection.close();
      throw clusterError(cause, label);
    }
  }

  /** @returns its number in its stream, once a majority of the stream's replicas has it */
  async publish({ subject, bytes, headers = {}, after }: Outgoing): Promise<number> {
    const given = this.#headers();
    for (const [name, value] of Object.entries(headers)) given.set(name, value);
    const options = {
      headers: given,
      timeout: ANSWER_MS,
      ...(after !== undefined && { expect: { lastSubjectSequence: after } }),
    };
    const { seq } = await this.#ask<PubAck>(() => this.jetstream.publish(subject, bytes, options));
    return seq;
  }

  /**
   * @param anywhere a replica may answer, that has not heard of what is new yet: for messages that never change. What
   *   it does not have, the leader is asked for.
   */
  async get(stream: string, query: Query, { anywhere = false } = {}): Promise<StoredMsg | undefined> {
    return this.#ask(async () => {
      const near = anywhere ? await this.#manager.direct.getMessage(stream, asRequest(query)) : null;
      return near ?? (await this.#manager.streams.getMessage(stream, asRequest(query))) ?? undefined;
    });
  }

  /** Deletes the messages of a subject (`*` for any token) that come before a number. */
  async purge(stream: string, subject: string, before?: number): Promise<void> {
    await this.#ask(() =>
      this.#manager.streams.purge(
        stream,
        before === undefined ? { filter: subject } : { filter: subject, seq: before },
      ),
    );
  }

  /** Subjects that have a message. @param pattern with `*` */
  async subjects(stream: string, pattern: string): Promise<string[]> {
    const { state } = await this.#ask(() => this.#manager.streams.info(stream, { subjects_filter: pattern }));
    return Object.keys(state.subjects ?? {});
  }

  /** Number of the stream's newest message; 0: it never had one. */
  async lastOf(stream: string): Promise<number> {
    const { state } = await this.#ask(() => this.#manager.streams.info(stream));
    return state.last_seq;
  }

  /** What both streams take. */
  async bytes(): Promise<number> {
    const { streams } = this.#manager;
    const infos = await this.#ask(() => Promise.all([streams.info(this.logs), streams.info(this.state)]));
    return infos.reduce((sum, { state }) => sum + state.bytes, 0);
  }

  /** Tells when the connection is lost, and when it is there again. Resolves when it is closed. */
  async watchConnection(told: (error: RenormError | undefined) => void): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === 'disconnect') told(unreachable(this.label, 'the connection was lost'));
      if (type === 'reconnect') told(undefined);
    }
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  /** Runs what asks the cluster. @throws RenormError STORE_UNREACHABLE, DISK_FULL; what else it says */
  async #ask<Answer>(action: () => Promise<Answer>): Promise<Answer> {
    try {
      return await action();
    } catch (cause) {
      throw clusterError(cause, this.label);
    }
  }

  async #makeStreams({ name, replicas }: ClusterAddress, { DiscardPolicy, StorageType }: Jetstream): Promise<void> {
    const both = { storage: StorageType.File, discard: DiscardPolicy.New, num_replicas: replicas, allow_direct: true };
    // Full is an error to whoever writes: the oldest samples must not go in the place of the newest.
    await this.#makeStream({ ...both, name: this.logs, subjects: [`${name}.log.*.*`, `${name}.part.*`] });
    await this.#makeStream({
      ...{ ...both, name: this.state, max_msgs_per_subject: 1 },
      // A subject's message is replaced, which is no new one.
      discard: DiscardPolicy.New,
      subjects: ['head.*', 'blob.*', 'chunk.*.*', 'facts', 'lease.*'].map((subject) => `${name}.${subject}`),
    });
  }

  /** What is there stays as its operator has set it. */
  async #makeStream(config: Partial<StreamConfig> & { name: string }): Promise<void> {
    const { streams } = this.#manager;
    try {
      await streams.info(config.name);
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== STREAM_NOT_FOUND) throw error;
    }
    // Two that start together make the same one.
    await streams.add(config);
  }
}

/** JetStream's own number. */
const STREAM_NOT_FOUND = 10059;
const HEADER_ROOM = 16_384;

function asRequest(query: Query) {
  if ('seq' in query) return { seq: query.seq };
  return 'last' in query ? { last_by_subj: query.last } : { seq: query.from, next_by_subj: query.next };
}

async function connected(transport: Transport, address: ClusterAddress, label: string): Promise<NatsConnection> {
  const { servers, tls, user, password, credentials } = address;
  const authenticator = credentials === undefined ? undefined : await credentialsOf(transport, credentials);
  try {
    return await transport.connect({
      servers: [...servers],
      ...(tls && { tls: {} }),
      ...(user !== undefined && { user }),
      ...(password !== undefined && { pass: password }),
      ...(authenticator && { authenticator }),
      ...{ name: 'renorm', timeout: ANSWER_MS, reconnectTimeWait: RECONNECT_MS },
      // For ever: whoever waits is told each time, and a server that comes back is used again.
      maxReconnectAttempts: -1,
    });
  } catch (cause) {
    throw unreachable(label, cause);
  }
}

async function credentialsOf({ credsAuthenticator }: Transport, path: string) {
  try {
    return credsAuthenticator(await readFile(path));
  } catch (cause) {
    throw unreadable('CREDENTIALS_UNREADABLE', `the file of NATS credentials ${path}`, cause);
  }
}

/** The client is an optional dependency: whoever has no cluster needs none. @throws RenormError REQUEST_INVALID */
async function loadClient(): Promise<[Transport, Jetstream]> {
  try {
    return await Promise.all([import('@nats-io/transport-node'), import('@nats-io/jetstream')]);
  } catch (cause) {
    throw new RenormError(
      'REQUEST_INVALID',
      `a store on NATS asks for the packages @nats-io/transport-node and @nats-io/jetstream, which cannot be loaded (${reasonOf(cause)}); install them: npm install @nats-io/transport-node@3.3 @nats-io/jetstream@3.3.`,
      { cause },
    );
  }
}
