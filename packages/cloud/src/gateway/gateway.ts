import { ImageThreads } from '@renorm/image/node';
import {
  type AnnounceRequest,
  type AnnounceResponse,
  AnnounceResponseSchema,
  adaptationService,
  checkAgreed,
  create,
  equalBytes,
  exportedVersion,
  type PeerDevice,
  parseAnnounce,
  parseUpload,
  parseWatch,
  RenormError,
  reasonOf,
  toHex,
  type UploadRequest,
  type UploadResponse,
  UploadResponseSchema,
  type VersionState,
  type WatchRequest,
} from '@renorm/protocol';
import { type GrpcMethod, grpcDefinition } from '@renorm/protocol/node';
import type { GatewayStatus } from '../events.js';
import { Budgets } from './budgets.js';
import { toStatus } from './call-status.js';
import { CohortNames } from './cohort-names.js';
import type { GatewaySetup } from './gateway-setup.js';
import { Refusals } from './refusals.js';
import { storableSamples } from './storable-samples.js';
import type { TokenIdentity } from './token-authenticator.js';
import { VersionStreams } from './version-streams.js';
import type { Call } from './wire/call.js';
import { GrpcServer } from './wire/server.js';
import type { Method } from './wire/server-setup.js';

const CLOSE_MS = 2_000;
const definition = grpcDefinition(adaptationService);

/** Who calls; undefined where the cloud asks nobody. */
type Identity = TokenIdentity | undefined;
interface Named {
  readonly device?: { readonly cohort: string } | undefined;
}

/** The side of the cloud that devices see: announce, upload, watch. */
export class Gateway {
  readonly #server: GrpcServer<Identity>;
  readonly #setup: GatewaySetup;
  readonly #streams: VersionStreams;
  readonly #exported: VersionState;
  readonly #images = new ImageThreads();
  readonly #budgets: Budgets;
  readonly #names: CohortNames;
  readonly #refusals: Refusals;
  /** Ends a call whose token no longer allows it. */
  readonly #recheck = new Map<Call, () => void>();
  readonly #unwatchTokens: () => void;
  readonly #unwatchCohorts: () => void;

  /** @throws RenormError REQUEST_INVALID: an origin is none */
  constructor(setup: GatewaySetup) {
    const { limits, cohorts, authenticator, tls, origins, files } = setup;
    this.#setup = setup;
    this.#exported = exportedVersion(setup.exported);
    this.#streams = new VersionStreams(setup, this.#exported);
    this.#budgets = new Budgets(limits);
    this.#names = new CohortNames(limits);
    this.#unwatchCohorts = cohorts.watch((cohort) => this.#names.store(cohort));
    this.#refusals = new Refusals((error) => setup.onError(error));
    this.#unwatchTokens = authenticator?.watch(() => this.#tokensChanged()) ?? (() => undefined);
    this.#server = new GrpcServer<Identity>({
      methods: new Map([
        [definition.announce.path, this.#unary(definition.announce, (request) => this.#announce(request))],
        [definition.upload.path, this.#unary(definition.upload, (request) => this.#upload(request))],
        [definition.watch.path, this.#stream(definition.watch, (request, call) => this.#watch(request, call))],
      ]),
      ...{ limits, tls, origins, files },
      identify: (authorization) => authenticator?.identify(authorization),
      ownerOf: (identity) => identity?.token,
      statusOf: toStatus,
      onRefused: (error) => this.#refusals.add(error, performance.now()),
    });
  }

  /** @returns the port @throws RenormError REQUEST_INVALID: the address cannot be listened on */
  async listen(host: string, port: number): Promise<number> {
    for (const cohort of await this.#setup.cohorts.names()) this.#names.store(cohort);
    try {
      return await this.#server.listen(host, port);
    } catch (cause) {
      const text = `cannot listen on ${host}:${port} (${reasonOf(cause)}). Take another port, 0 for any that is free, or another host.`;
      throw new RenormError('REQUEST_INVALID', text, { cause });
    }
  }

  status(): GatewayStatus {
    const { connections, memory } = this.#server;
    const calls = [...connections].map((connection) => connection.calls.size);
    return {
      connections: connections.size,
      calls: calls.reduce((sum, more) => sum + more, 0),
      requestBytes: memory.total,
      refused: this.#refusals.counts,
    };
  }

  /** Ends all streams and lets calls in hand finish. */
  async close(): Promise<void> {
    this.#unwatchTokens();
    this.#unwatchCohorts();
    this.#streams.end();
    await this.#server.close(CLOSE_MS);
    await this.#images.close();
  }

  #unary<Request extends Named, Response>(
    method: GrpcMethod<Request, Response>,
    handle: (request: Request) => Promise<Response>,
  ): Method<Identity> {
    return this.#method(method, false, async (request, call) => {
      const response = await handle(request);
      call.write(method.responseSerialize(response));
      call.end();
    });
  }

  #stream<Request extends Named, Response>(
    method: GrpcMethod<Request, Response>,
    handle: (request: Request, call: Call) => void,
  ): Method<Identity> {
    return this.#method(method, true, async (request, call) => handle(request, call));
  }

  #method<Request extends Named, Response>(
    { requestDeserialize }: GrpcMethod<Request, Response>,
    isStream: boolean,
    handle: (request: Request, call: Call) => Promise<void>,
  ): Method<Identity> {
    return {
      isStream,
      handle: async (bytes, call, identity) => {
        const request = decoded(bytes, requestDeserialize);
        this.#authorize(call, identity, request.device?.cohort ?? '');
        await handle(request, call);
      },
    };
  }

  /** Before anything of the request is decoded further, and again whenever the tokens change while the call is open. */
  #authorize(call: Call, identity: Identity, cohort: string): void {
    const { authenticator } = this.#setup;
    if (identity === undefined || authenticator === undefined) return;
    authenticator.authorize(identity, cohort);
    this.#recheck.set(call, () => authenticator.authorize(identity, cohort));
    call.onClose(() => this.#recheck.delete(call));
  }

  #tokensChanged(): void {
    for (const [call, check] of this.#recheck) {
      try {
        check();
      } catch (error) {
        if (call.ended) continue;
        this.#refusals.add(error, performance.now());
        call.end(toStatus(error));
      }
    }
  }

  async #announce(request: AnnounceRequest): Promise<AnnounceResponse> {
    const { device, running, model } = parseAnnounce(request);
    this.#checkModel(device);
    if (this.#setup.model !== undefined) checkAgreed(device.id, model, this.#setup.model);
    this.#names.admit(device.cohort);
    const { cohorts, limits, onAnnounced } = this.#setup;
    const standing = await cohorts.standing(device.cohort);
    const { number, digest } = standing.version ?? this.#exported;
    onAnnounced(device.cohort, device.id, running.number);
    return create(AnnounceResponseSchema, {
      latest: { number: BigInt(number), digest },
      maxSamplesPerUpload: limits.maxSamplesPerUpload,
      budgetLeft: this.#budgets.left(device.cohort, device.id, standing),
      roots: (await this.#setup.signer?.rootsAfter(Number(request.rootVersion))) ?? [],
    });
  }

  async #upload(request: UploadRequest): Promise<UploadResponse> {
    const { sampleShape, sketches, limits, cohorts, onUploaded } = this.#setup;
    const { device, session, samples } = parseUpload(request, {
      shape: sampleShape,
      maxSamples: limits.maxSamplesPerUpload,
      sketches,
    });
    this.#checkModel(device);
    this.#names.admit(device.cohort);
    const upload = { cohort: device.cohort, device: device.id, samples: samples.length };
    const standing = await cohorts.standing(device.cohort);
    const { acknowledged, duplicates } = await this.#budgets.spend(upload, standing, async () => {
      const storable = await storableSamples(samples, this.#images, this.#setup.view);
      await this.#setup.vet?.(device, storable);
      this.#names.admit(device.cohort);
      const appended = await cohorts.append({
        ...{ cohort: device.cohort, device: device.id, session: toHex(session) },
        samples: storable,
      });
      this.#names.store(device.cohort);
      return { ...appended, fresh: samples.length - appended.duplicates };
    });
    onUploaded(device.cohort, device.id, samples.length - duplicates, duplicates);
    const budgetLeft = this.#budgets.left(device.cohort, device.id, await cohorts.standing(device.cohort));
    return create(UploadResponseSchema, { acknowledgedSequence: BigInt(acknowledged), duplicates, budgetLeft });
  }

  #watch(request: WatchRequest, call: Call): void {
    const { device, running } = parseWatch(request);
    this.#checkModel(device);
    this.#names.admit(device.cohort);
    call.open();
    this.#streams.add(call, running, device.cohort, definition.watch.responseSerialize);
  }

  #checkModel({ id, modelDigest }: PeerDevice): void {
    if (equalBytes(modelDigest, this.#setup.edgeDigest)) return;
    throw new RenormError(
      'MODEL_UNKNOWN',
      `device ${id} runs the model ${toHex(modelDigest)}, this cloud adapts ${toHex(this.#setup.edgeDigest)} (SHA-256 of the file). Start both with the same ONNX file.`,
    );
  }
}

function decoded<Request>(bytes: Uint8Array, read: (bytes: Uint8Array) => Request): Request {
  try {
    return read(bytes);
  } catch (cause) {
    const text = 'the request is no message of this method; see proto/renorm/v1.';
    throw new RenormError('REQUEST_INVALID', text, { cause });
  }
}
