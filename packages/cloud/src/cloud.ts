import { availableParallelism } from 'node:os';
import { readParameters } from '@renorm/onnx';
import { prepareRuntime } from '@renorm/onnx/node';
import { type RenormError, toHex } from '@renorm/protocol';
import { freshState } from './adaptation/cohort-state.js';
import { modelPair } from './adaptation/model-pair.js';
import { adaptationOptions } from './adaptation/options.js';
import type { CloudOptions } from './cloud-options.js';
import type { CloudEvent, CohortStatus } from './events.js';
import { Doorkeeper } from './gateway/doorkeeper.js';
import { Gateway } from './gateway/gateway.js';
import { GATEWAY_DEFAULTS } from './gateway/gateway-options.js';
import { ReloadedCertificates } from './gateway/tls.js';
import { modelFile } from './model-file.js';
import { claimFolder } from './store/data-folder.js';
import { LmdbSubstrate } from './store/lmdb-substrate.js';
import type { StepReport } from './trainer/messages.js';
import { publishingOptions } from './trainer/publishing-options.js';
import { Trainer } from './trainer/trainer.js';
import { Signer } from './trust/signer.js';

/** A running cloud. */
export interface Cloud {
  /** host:port */
  readonly address: string;
  /** One entry for each cohort. */
  status(): CohortStatus[];
  /** Finishes the step in hand, ends all connections and gives the data folder back. */
  close(): Promise<void>;
}

/**
 * Starts a cloud in this process: the gateway in this thread, the trainer in a worker thread, the state in a folder.
 *
 * @throws OnnxError, RenormError: MODEL_UNREADABLE, MODEL_MISMATCH, REQUEST_INVALID (an option), DATA_NOT_WRITABLE, DATA_FORMAT_NEWER,
 *   DATA_OTHER_MODEL, DATA_IN_USE, DATA_DAMAGED, CREDENTIALS_UNREADABLE (a key, certificate or token file)
 */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  prepareRuntime(import.meta.url);
  const edgeModel = await modelFile(options.edgeModel, 'the edge model');
  const foundationModel = await modelFile(options.foundationModel, 'the foundation model');
  const pair = modelPair(edgeModel, foundationModel);
  const onProblem = (error: RenormError): void => options.onEvent?.({ kind: 'failed', error });
  const signer = options.signing && new Signer(options.signing, onProblem);
  const tls = options.tls && new ReloadedCertificates(options.tls, onProblem);
  const doorkeeper = options.tokens === undefined ? undefined : new Doorkeeper(options.tokens, onProblem);
  const adaptation = adaptationOptions(options.adaptation);
  const exported = readParameters(pair.edge);
  const claim = claimFolder(options.data, {
    edgeModel: toHex(pair.edgeDigest),
    foundationModel: toHex(pair.foundationDigest),
  });
  const opened: (() => Promise<void>)[] = [async () => claim.release()];
  const closeAll = async (): Promise<void> => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    const fresh = freshState(exported, readParameters(pair.foundation));
    const substrate = new LmdbSubstrate(options.data, fresh);
    opened.push(() => substrate.close());
    claim.storeOpened(substrate.cohorts().length === 0);
    const emit = options.onEvent ?? (() => undefined);
    for (const what of claim.repaired) emit({ kind: 'repaired', what });
    const devices = new Map<string, Set<string>>();
    const steps = new Map<string, StepReport>();
    const parts: { trainer?: Trainer } = {};
    const gateway = new Gateway({
      substrate,
      edgeDigest: pair.edgeDigest,
      exported,
      sampleShape: pair.sampleShape,
      ...(signer && { signer }),
      ...(tls && { credentials: tls.serverCredentials() }),
      ...(doorkeeper && { doorkeeper }),
      options: { ...GATEWAY_DEFAULTS, ...options.limits },
      onAnnounced(cohort, device, version) {
        devices.set(cohort, (devices.get(cohort) ?? new Set()).add(device));
        emit({ kind: 'announced', cohort, device, version });
      },
      onUploaded(cohort, device, samples, duplicates) {
        claim.storeUsed();
        emit({ kind: 'uploaded', cohort, device, samples, duplicates });
        parts.trainer?.wake();
      },
      onError: (error) => emit({ kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) }),
    });
    parts.trainer = await Trainer.start(
      {
        edgeModel,
        foundationModel,
        options: adaptation,
        threads: options.threads ?? availableParallelism(),
        folder: options.data,
        publishing: publishingOptions(options.publishing),
      },
      {
        step(report) {
          steps.set(report.cohort, report);
          if (report.version !== undefined) gateway.published(report.cohort);
          emit({ kind: 'step', ...report });
        },
        failed: (error) => emit({ kind: 'failed', error } satisfies CloudEvent),
      },
    );
    opened.push(async () => parts.trainer?.close());
    const host = options.host ?? '127.0.0.1';
    const port = await gateway.listen(host, options.port ?? 7443);
    opened.push(() => gateway.close());
    return {
      address: `${host}:${port}`,
      status: () =>
        [...new Set([...substrate.cohorts(), ...devices.keys()])].map((cohort) => ({
          cohort,
          version: substrate.latest(cohort)?.number ?? 0,
          ...substrate.progress(cohort),
          devices: devices.get(cohort)?.size ?? 0,
          lastStep: steps.get(cohort),
        })),
      close: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}
