import { availableParallelism } from 'node:os';
import { readParameters } from '@renorm/onnx';
import { prepareRuntime } from '@renorm/onnx/node';
import { checkOptions, exportedVersion, type RenormError } from '@renorm/protocol';
import { type DeviceSetAside, SampleVetting } from './admission/sample-vetting.js';
import type { CloudOptions } from './cloud-options.js';
import type { CloudEvent, CohortStatus, GatewayStatus } from './events.js';
import { Gateway } from './gateway/gateway.js';
import { gatewayLimits } from './gateway/gateway-limits.js';
import { ReloadedCertificates } from './gateway/tls.js';
import { TokenAuthenticator } from './gateway/token-authenticator.js';
import { modelFile } from './model-file.js';
import { digestsOf, readModels } from './models/model-facts.js';
import { sketchFormat } from './models/sketch-format.js';
import { openPlace, placeOf } from './open-place.js';
import { CLOUD_RULES } from './option-rules.js';
import { DEFAULT_GATE, gateNamed } from './publication/gates.js';
import { rolesOf } from './roles.js';
import { StatusBoard } from './status-board.js';
import { Cohorts } from './store/cohorts.js';
import { withoutSecrets } from './store/nats/address.js';
import { adaptationOptions } from './strategy/cema/options.js';
import { DEFAULT_STRATEGY, SKETCH_STRATEGIES, strategyFor, strategyNote } from './strategy/strategies.js';
import { publishingOptions } from './trainer/publishing-options.js';
import { Trainer } from './trainer/trainer.js';
import { Signer } from './trust/signer.js';

/** A running cloud. */
export interface Cloud {
  /** host:port; empty where it has no gateway. */
  readonly address: string;
  /** The folder or the URL of the store, without a password. */
  readonly place: string;
  /** One entry for each cohort, as the newest state of the store says, whichever process wrote it. */
  status(): Promise<CohortStatus[]>;
  /** What devices hold of this cloud now, and what was refused; undefined where it has no gateway. */
  gateway(): GatewayStatus | undefined;
  /**
   * Resolves when the trainer has nothing left to do on the samples that have come until now, replay apart: for who measures or demonstrates, and
   * must not depend on how busy the machine is. Resolves at once where this process does not train.
   *
   * @throws RenormError TRAINER_FAILED: its thread ended meanwhile
   */
  settled(): Promise<void>;
  /** Finishes the step in hand, ends all connections and gives its part of the data folder back. */
  close(): Promise<void>;
}

/**
 * Starts a cloud in this process: the gateway in this thread, the trainer in a worker thread, the state in a folder. With `roles` it is
 * one of the two, and another process on the same folder the other: they know each other through the store alone. With `store` the state is
 * on NATS JetStream, and any number of gateways and trainers share it, on any machines.
 *
 * @throws OnnxError, RenormError: MODEL_UNREADABLE, MODEL_MISMATCH, REQUEST_INVALID (an option), DATA_NOT_WRITABLE, DATA_FORMAT_NEWER,
 *   DATA_OTHER_MODEL, DATA_IN_USE, DATA_DAMAGED, DISK_FULL, STORE_UNREACHABLE, CREDENTIALS_UNREADABLE (a key, certificate or token file)
 */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  checkOptions('startCloud', options, CLOUD_RULES);
  prepareRuntime(import.meta.url);
  const roles = rolesOf(options.roles);
  const place = placeOf(options);
  const edgeModel = await modelFile(options.edgeModel, 'the edge model', options);
  const foundationModel =
    options.foundationModel === undefined
      ? undefined
      : await modelFile(options.foundationModel, 'the foundation model', options.foundation);
  const models = readModels(edgeModel, foundationModel);
  // A gateway alone trains nothing: it needs no foundation model.
  const strategy = roles.includes('trainer') ? strategyFor(options.strategy ?? DEFAULT_STRATEGY, models) : undefined;
  const gate = gateNamed(options.gate ?? DEFAULT_GATE);
  const emit = (event: CloudEvent): void => options.onEvent?.(event);
  const onProblem = (error: unknown): void =>
    emit({ kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) });
  for (const model of ['edge', 'foundation'] as const) {
    const { changes } = models.prepared[model];
    if (changes.length > 0) emit({ kind: 'prepared', model, changes });
  }
  const serving = roles.includes('gateway') ? servingOptions(options, onProblem) : undefined;
  const adaptation = adaptationOptions(options.adaptation);
  const publishing = publishingOptions(options.publishing);
  const exported = readParameters(models.edge);
  const opened: (() => void | Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    const { store, claim, disk, join } = await openPlace(place, digestsOf(models), roles, emit, opened);
    const cohorts = new Cohorts(store, { exported: exportedVersion(exported), onProblem });
    opened.push(() => cohorts.close());
    claim.storeOpened((await cohorts.names()).length === 0);
    for (const what of claim.repaired) emit({ kind: 'repaired', what });
    const board = new StatusBoard(cohorts, gatewayLimits(options.limits));
    opened.push(() => board.close());
    let settled = (): Promise<void> => Promise.resolve();
    if (strategy !== undefined) {
      const note = strategyNote(strategy, models);
      if (note !== undefined) emit({ kind: 'note', text: note });
      const threads = options.threads ?? availableParallelism();
      let own = (_: readonly number[]): void => undefined;
      // In this thread: a step blocks the trainer's for as long as it takes, and who is not heard of is taken for dead.
      const leases = await join?.({ onChange: (shares) => own(shares), onProblem });
      if (leases !== undefined) opened.push(() => leases.close());
      const trainer = await Trainer.start(
        { edgeModel, foundationModel, strategy, gate, adaptation, threads, place, publishing, shares: leases?.shares },
        {
          step(report) {
            board.stepped(report);
            emit({ kind: 'step', ...report });
            const { cohort, foundation } = report;
            if (foundation?.isBetter === false) emit({ kind: 'foundation', cohort, ...foundation });
          },
          failed: onProblem,
          paused: (error) => disk.trainerWaits(error),
          resumed: () => disk.trainerWaits(undefined),
        },
      );
      opened.push(() => trainer.close());
      own = (shares) => trainer.own(shares);
      if (leases !== undefined) own(leases.shares);
      settled = async () => {
        await trainer.settled();
        cohorts.look();
      };
    }
    let address = '';
    let gateway: Gateway | undefined;
    let setAside = (): DeviceSetAside[] => [];
    if (serving !== undefined) {
      const takesSketches = SKETCH_STRATEGIES.has(options.strategy ?? DEFAULT_STRATEGY);
      const sketches = takesSketches ? sketchFormat(models) : undefined;
      const vetting = await SampleVetting.open(models.edge, models.sampleShape, {
        ...(sketches && { sketches }),
        onSetAside: (device) => emit({ kind: 'set aside', ...device }),
      });
      opened.push(() => vetting.release());
      setAside = () => vetting.devicesSetAside();
      const served = new Gateway({
        vet: (sender, samples) => vetting.check(sender, samples),
        ...{
          cohorts,
          edgeDigest: models.edgeDigest,
          exported,
          sampleShape: models.sampleShape,
          model: models,
          view: models.view,
        },
        ...(sketches && { sketches }),
        ...serving,
        onAnnounced(cohort, device, version) {
          board.announced(cohort, device);
          emit({ kind: 'announced', cohort, device, version });
        },
        onUploaded(cohort, device, samples, duplicates) {
          claim.storeUsed();
          emit({ kind: 'uploaded', cohort, device, samples, duplicates });
        },
        onError: (error) => disk.isKnown(error) || onProblem(error),
      });
      const host = options.host ?? '127.0.0.1';
      gateway = served;
      address = `${host}:${await served.listen(host, options.port ?? 7443)}`;
      opened.push(() => served.close());
    }
    return {
      ...{ address, place: withoutSecrets(place) },
      status: async () =>
        (await board.read()).map((cohort) => ({
          ...cohort,
          paused: disk.isFull,
          setAside: setAside().flatMap(({ cohort: of, device }) => (of === cohort.cohort ? [device] : [])),
        })),
      gateway: () => gateway?.status(),
      settled,
      close: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** What the gateway is set up with, read before anything is opened. @throws RenormError CREDENTIALS_UNREADABLE, REQUEST_INVALID */
function servingOptions(options: CloudOptions, onProblem: (error: RenormError) => void) {
  const signer = options.signing && new Signer(options.signing, onProblem);
  const tls = options.tls && new ReloadedCertificates(options.tls, onProblem);
  const authenticator = options.tokens === undefined ? undefined : new TokenAuthenticator(options.tokens, onProblem);
  return {
    ...(signer && { signer }),
    ...(tls && { tls }),
    ...(authenticator && { authenticator }),
    ...(options.web && { origins: options.web.origins ?? [] }),
    ...(options.web?.files && { files: options.web.files }),
    limits: gatewayLimits(options.limits),
  };
}
