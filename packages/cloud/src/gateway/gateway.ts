import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { ImageThreads } from '@renorm/image/node';
import {
  type AnnounceRequest,
  type AnnounceResponse,
  AnnounceResponseSchema,
  adaptationService,
  create,
  equalBytes,
  exportedVersion,
  type PeerDevice,
  parseAnnounce,
  parseUpload,
  parseWatch,
  RenormError,
  toHex,
  type UploadRequest,
  type UploadResponse,
  UploadResponseSchema,
  type VersionState,
  type WatchRequest,
  type WatchResponse,
} from '@renorm/protocol';
import { grpcDefinition } from '@renorm/protocol/node';
import type { Standing } from '../store/standing-view.js';
import type { GatewaySetup } from './gateway-options.js';
import { InFlight } from './in-flight.js';
import { toServiceError } from './service-error.js';
import { storableSamples } from './storable-samples.js';
import { Watchers } from './watchers.js';

const CLOSE_MS = 2_000;
/** The gRPC side of the cloud: announce, upload, watch. */
export class Gateway {
  readonly #server: Server;
  readonly #setup: GatewaySetup;
  readonly #inFlight = new InFlight();
  readonly #watchers: Watchers;
  readonly #exported: VersionState;
  readonly #images = new ImageThreads();

  constructor(setup: GatewaySetup) {
    this.#setup = setup;
    this.#exported = exportedVersion(setup.exported);
    this.#watchers = new Watchers(setup, this.#exported);
    this.#server = new Server({
      'grpc.max_receive_message_length': setup.options.maxMessageBytes,
      'grpc.max_concurrent_streams': setup.options.maxStreamsPerPeer,
      'grpc.keepalive_permit_without_calls': 1,
      // A device that has gone away silently keeps a stream open only so long.
      'grpc.keepalive_time_ms': 30_000,
      'grpc.keepalive_timeout_ms': 10_000,
    });
    this.#server.addService(grpcDefinition(adaptationService), {
      announce: this.#unary((request: AnnounceRequest) => this.#announce(request)),
      upload: this.#unary((request: UploadRequest) => this.#upload(request)),
      watch: (call: ServerWritableStream<WatchRequest, WatchResponse>) => this.#watch(call),
    });
  }

  /** @returns the port @throws RenormError REQUEST_INVALID: the address cannot be listened on */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(
        `${host}:${port}`,
        this.#setup.credentials ?? ServerCredentials.createInsecure(),
        (cause, bound) => {
          if (cause === null) resolve(bound);
          else {
            const text = `cannot listen on ${host}:${port} (${cause.message}). Take another port, 0 for any that is free, or another host.`;
            reject(new RenormError('REQUEST_INVALID', text, { cause }));
          }
        },
      );
    });
  }

  /** Ends all streams and lets calls in hand finish. */
  async close(): Promise<void> {
    this.#watchers.end();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#server.forceShutdown();
        resolve();
      }, CLOSE_MS);
      this.#server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    await this.#images.close();
  }

  #unary<Request extends { readonly device?: { readonly cohort: string } | undefined }, Response>(
    handle: (request: Request) => Promise<Response>,
  ) {
    return (call: ServerUnaryCall<Request, Response>, done: sendUnaryData<Response>): void => {
      this.#guarded(call, handle).then(
        (response) => done(null, response),
        (error: unknown) => done(this.#failed(error)),
      );
    };
  }

  async #guarded<Request extends { readonly device?: { readonly cohort: string } | undefined }, Response>(
    call: ServerUnaryCall<Request, Response>,
    handle: (request: Request) => Promise<Response>,
  ): Promise<Response> {
    const leave = this.#inFlight.enter(call.getPeer(), this.#setup.options.maxCallsPerPeer);
    try {
      // Before anything of the request is decoded.
      this.#setup.doorkeeper?.check(call.metadata.get('authorization'), call.request.device?.cohort ?? '');
      return await handle(call.request);
    } finally {
      leave();
    }
  }

  #failed(error: unknown) {
    this.#setup.onError(error);
    return toServiceError(error);
  }

  async #announce(request: AnnounceRequest): Promise<AnnounceResponse> {
    const { device, running } = parseAnnounce(request);
    this.#checkModel(device);
    const { cohorts, options, onAnnounced } = this.#setup;
    const standing = await cohorts.standing(device.cohort);
    const { number, digest } = standing.version ?? this.#exported;
    onAnnounced(device.cohort, device.id, running.number);
    return create(AnnounceResponseSchema, {
      latest: { number: BigInt(number), digest },
      maxSamplesPerUpload: options.maxSamplesPerUpload,
      budgetLeft: this.#budgetLeft(standing),
      roots: (await this.#setup.signer?.rootsAfter(Number(request.rootVersion))) ?? [],
    });
  }

  async #upload(request: UploadRequest): Promise<UploadResponse> {
    const { sampleShape, options, cohorts, onUploaded } = this.#setup;
    const { device, session, samples } = parseUpload(request, {
      shape: sampleShape,
      maxSamples: options.maxSamplesPerUpload,
    });
    this.#checkModel(device);
    if (this.#budgetLeft(await cohorts.standing(device.cohort)) === 0) {
      throw new RenormError(
        'BUDGET_EXHAUSTED',
        `cohort ${device.cohort} has ${options.maxUntrainedSamples} samples that wait for training; keep these and send them again later.`,
      );
    }
    const { acknowledged, duplicates } = await cohorts.append({
      cohort: device.cohort,
      device: device.id,
      session: toHex(session),
      samples: await storableSamples(samples, this.#images),
    });
    onUploaded(device.cohort, device.id, samples.length - duplicates, duplicates);
    return create(UploadResponseSchema, {
      acknowledgedSequence: BigInt(acknowledged),
      duplicates,
      budgetLeft: this.#budgetLeft(await cohorts.standing(device.cohort)),
    });
  }

  #watch(call: ServerWritableStream<WatchRequest, WatchResponse>): void {
    try {
      this.#setup.doorkeeper?.check(call.metadata.get('authorization'), call.request.device?.cohort ?? '');
      const { device, running } = parseWatch(call.request);
      this.#checkModel(device);
      this.#watchers.add(call, running, device.cohort);
    } catch (error) {
      // grpc-js sends the status of an error event; destroying the stream would lose it.
      call.emit('error', this.#failed(error));
    }
  }

  #budgetLeft({ received, trained }: Standing): number {
    return Math.max(0, 1 - (received - trained) / this.#setup.options.maxUntrainedSamples);
  }

  #checkModel({ id, modelDigest }: PeerDevice): void {
    if (equalBytes(modelDigest, this.#setup.edgeDigest)) return;
    throw new RenormError(
      'MODEL_UNKNOWN',
      `device ${id} runs the model ${toHex(modelDigest)}, this cloud adapts ${toHex(this.#setup.edgeDigest)} (SHA-256 of the file). Start both with the same ONNX file.`,
    );
  }
}
