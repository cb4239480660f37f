import { once } from 'node:events';
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import {
  type Announcement,
  type AnnounceRequest,
  AnnounceResponseSchema,
  adaptationService,
  create,
  encodeDelta,
  encodeSnapshot,
  equalBytes,
  exportedVersion,
  grpcStatusOf,
  type ParameterSet,
  parseAnnounce,
  parseUpload,
  parseWatch,
  type ReceivedSample,
  RenormError,
  type SignedMessage,
  type SketchFormat,
  type Upload,
  type UploadRequest,
  UploadResponseSchema,
  type Version,
  type VersionState,
  type WatchRequest,
  type WatchResponse,
  WatchResponseSchema,
} from '@renorm/protocol';
import { grpcDefinition } from '@renorm/protocol/node';

type WatchCall = ServerWritableStream<WatchRequest, unknown>;

/**
 * A cloud without a trainer: real gRPC on a real socket, versions as the test publishes them, faults as the test sets
 * them.
 */
export class FakeCloud {
  readonly announcements: Announcement[] = [];
  readonly uploads: Upload[] = [];
  /** Samples on its disk, by session and sequence. */
  readonly samples = new Map<string, ReceivedSample>();
  /** Called before an upload is answered; what it throws is the answer. */
  onUpload: (upload: Upload) => void | Promise<void> = () => undefined;
  /** Called before an announcement is answered. */
  onAnnounce: (announcement: Announcement) => void = () => undefined;
  budgetLeft = 1;
  /** Whether a device with a version of another history gets a snapshot; else it gets deltas that do not apply. */
  snapshots = true;
  maxSamples = 4;
  /** What a sketch has to be; it takes none before. */
  sketches: SketchFormat | undefined;
  /** Larger messages are refused, from the next `listen` on. */
  maxMessageBytes = 4 * 2 ** 20;
  #server = new Server();
  #port = 0;
  #versions: VersionState[];
  readonly #messages: Version[] = [];
  readonly #watchers = new Set<WatchCall>();

  private constructor(
    readonly shape: readonly number[],
    exported: ParameterSet,
  ) {
    this.#versions = [exportedVersion(exported)];
  }

  /** Root metadata that it serves. */
  roots: SignedMessage[] = [];

  /** @param port 0 for any */
  static async start(shape: readonly number[], exported: ParameterSet, port = 0): Promise<FakeCloud> {
    const cloud = new FakeCloud(shape, exported);
    await cloud.listen(port);
    return cloud;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  get latest(): VersionState {
    return this.#versions.at(-1) as VersionState;
  }

  /** Listens on its port, again after `drop`. */
  async listen(port = this.#port): Promise<void> {
    this.#server = new Server({ 'grpc.max_receive_message_length': this.maxMessageBytes });
    this.#server.addService(grpcDefinition(adaptationService), {
      announce: (call: ServerUnaryCall<AnnounceRequest, unknown>, done: sendUnaryData<unknown>) =>
        this.#answer(done, () => this.#announce(call.request)),
      upload: (call: ServerUnaryCall<UploadRequest, unknown>, done: sendUnaryData<unknown>) =>
        this.#answer(done, () => this.#upload(call.request)),
      watch: (call: WatchCall) => this.#watch(call),
    });
    this.#port = await new Promise((resolve, reject) => {
      this.#server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
  }

  /** Cuts all connections at once and stops listening. */
  drop(): void {
    this.#watchers.clear();
    this.#server.forceShutdown();
  }

  /** Ends the streams of versions in good order, as a proxy does after its time. */
  endWatches(): void {
    for (const call of this.#watchers) call.end();
    this.#watchers.clear();
  }

  /** Publishes parameters as the next version, as a delta; `change` may damage the message. */
  publish(parameters: ParameterSet, change: (version: Version) => Version = (version) => version): void {
    const { version, decoded } = encodeDelta(this.latest, parameters, { publishedAtMs: Date.now() });
    this.#versions.push(decoded);
    this.#messages.push(version);
    this.send(change(version));
  }

  /** Sends a message to everyone who watches. */
  send(version: Version): void {
    this.respond(create(WatchResponseSchema, { version }));
  }

  /** Sends an answer as it is to everyone who watches. */
  respond(response: WatchResponse): void {
    for (const call of this.#watchers) call.write(response);
  }

  /** How often someone began to watch. */
  watches = 0;

  async #answer(done: sendUnaryData<unknown>, handle: () => unknown): Promise<void> {
    try {
      done(null, await handle());
    } catch (error) {
      const code = error instanceof RenormError ? grpcStatusOf(error.code) : 13;
      done({ code, details: error instanceof Error ? error.message : String(error) });
    }
  }

  #announce(request: AnnounceRequest): unknown {
    const announcement = parseAnnounce(request);
    this.announcements.push(announcement);
    this.onAnnounce(announcement);
    const { number, digest } = this.latest;
    const { maxSamples: maxSamplesPerUpload, budgetLeft } = this;
    return create(AnnounceResponseSchema, {
      latest: { number: BigInt(number), digest },
      maxSamplesPerUpload,
      budgetLeft,
      roots: this.roots,
    });
  }

  async #upload(request: UploadRequest): Promise<unknown> {
    const upload = parseUpload(request, this);
    this.uploads.push(upload);
    await this.onUpload(upload);
    const duplicates = this.store(upload);
    const acknowledgedSequence = BigInt(upload.samples.at(-1)?.sequence ?? 0);
    return create(UploadResponseSchema, { acknowledgedSequence, duplicates, budgetLeft: this.budgetLeft });
  }

  /** Writes samples to its disk; says how many it had. */
  store({ session, samples }: Upload): number {
    const before = this.samples.size;
    for (const sample of samples)
      this.samples.set(`${Buffer.from(session).toString('hex')}/${sample.sequence}`, sample);
    return samples.length - (this.samples.size - before);
  }

  #watch(call: WatchCall): void {
    const { running } = parseWatch(call.request);
    const known = this.#versions.find(
      ({ number, digest }) => number === running.number && equalBytes(digest, running.digest),
    );
    const missing =
      known === undefined && this.snapshots
        ? [encodeSnapshot({ ...this.latest, publishedAtMs: 1 })]
        : this.#messages.filter((version) => version.number > running.number);
    for (const version of missing) call.write(create(WatchResponseSchema, { version }));
    this.watches++;
    this.#watchers.add(call);
    call.on('cancelled', () => this.#watchers.delete(call));
    call.on('error', () => this.#watchers.delete(call));
  }
}

/** Waits until something holds, up to 20 s. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited 20 s for: ${what}`);
}

/** Ends a child process as a power cut would, and waits until it is gone. */
export async function killHard(child: import('node:child_process').ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
