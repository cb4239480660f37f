import { existsSync } from 'node:fs';
import { readParameters } from '@renorm/onnx';
import {
  checkOptions,
  checkVersionNumber,
  encodeExactDelta,
  exportedVersion,
  type OptionRules,
  option,
  RenormError,
  toBinary,
  VersionSchema,
  type VersionState,
  versionAt,
} from '@renorm/protocol';
import type { CloudOptions } from './cloud-options.js';
import { modelFile } from './model-file.js';
import { digestsOf, readModels } from './models/model-facts.js';
import { openPlace, placeOf } from './open-place.js';
import { STOPPED_RULES } from './option-rules.js';
import { type PastVersion, pastVersion, pastVersions } from './publication/past-versions.js';
import { Cohorts } from './store/cohorts.js';
import { isClusterUrl } from './store/nats/address.js';
import { restartRecord } from './trainer/restart.js';

/** The state of a cloud, which may run meanwhile. */
export interface StoppedCloud
  extends Pick<CloudOptions, 'edgeModel' | 'output' | 'sizes' | 'foundationModel' | 'foundation' | 'data' | 'store'> {
  /** Told, in a sentence, what was damaged in the data folder and has been put right. */
  readonly onRepaired?: (what: string) => void;
}

export interface RollbackOptions extends StoppedCloud {
  readonly cohort: string;
  /** The version to go back to; 0 is the model as exported. */
  readonly to: number;
  /**
   * The number that it gets. Default: the next. Higher where devices hold later versions than the cloud knows of,
   * because its folder was restored from a backup: they refuse what is not newer than theirs.
   */
  readonly number?: number;
}

/** A trainer that steps all the time is first now and then, not so often in a row. */
const ATTEMPTS = 50;

const ROLLBACK_RULES = {
  ...STOPPED_RULES,
  to: option.required(option.number),
  number: option.number,
} satisfies OptionRules<RollbackOptions>;

/** The versions that a cohort can go back to, oldest first. @throws RenormError as `rollBack` */
export async function versionsOf(options: StoppedCloud & { readonly cohort: string }): Promise<PastVersion[]> {
  checkOptions('versionsOf', options, { ...ROLLBACK_RULES, to: option.number });
  return withStore(options, async (cohorts) => pastVersions(await known(cohorts, options.cohort), options.cohort));
}

/**
 * Publishes an earlier version again, as the newest: devices take it as any other. What was learnt since is given up:
 * the edge model goes on from that version, the foundation model starts again from its file. Samples stay.
 *
 * @returns the new version's number
 * @throws OnnxError, RenormError MODEL_UNREADABLE, MODEL_MISMATCH, REQUEST_INVALID (no state there, an unknown cohort,
 *   a version that is not kept, a number that is not newer), VERSION_NUMBER (one that leaves none to count on with),
 *   DATA_IN_USE, DATA_OTHER_MODEL, DATA_FORMAT_NEWER, DATA_DAMAGED, DISK_FULL
 */
export async function rollBack(options: RollbackOptions): Promise<number> {
  checkOptions('rollBack', options, ROLLBACK_RULES);
  const { cohort } = options;
  return withStore(options, async (cohorts, exported) => {
    await known(cohorts, cohort);
    for (let attempt = 1; ; attempt++) {
      try {
        return await publishAgain(cohorts, exported, options);
      } catch (error) {
        // The trainer was first: what it has published is behind this version then.
        if (!(error instanceof RenormError) || error.code !== 'CONFLICT' || attempt === ATTEMPTS) throw error;
      }
    }
  });
}

async function publishAgain(cohorts: Cohorts, exported: VersionState, options: RollbackOptions): Promise<number> {
  const { cohort, to } = options;
  // Before the newest version: a step between the two is a CONFLICT.
  const before = await cohorts.checkpoint(cohort);
  const latest = (await cohorts.latest(cohort)) ?? exported;
  const number = options.number ?? latest.number + 1;
  if (!Number.isSafeInteger(number) || number <= latest.number)
    throw new RenormError(
      'REQUEST_INVALID',
      `the new number ${number} is not above ${latest.number}, the newest of cohort ${cohort}; name a higher one.`,
    );
  checkVersionNumber(number, latest.number);
  const { offsets } = await pastVersion(cohorts, cohort, exported, to);
  const next = versionAt(exported, offsets, { number, publishedAtMs: Date.now() });
  const message = toBinary(VersionSchema, encodeExactDelta(latest, next));
  const stored = { number, digest: next.digest, parentDigest: latest.digest, message };
  await cohorts.commit(cohort, {
    revision: before?.revision ?? 0,
    trained: before?.trained ?? 0,
    ...restartRecord(before),
    publication: { latest: next, stored },
    keepFrom: 0,
  });
  return number;
}

async function withStore<Value>(
  options: StoppedCloud,
  action: (cohorts: Cohorts, exported: VersionState) => Promise<Value>,
): Promise<Value> {
  const place = placeOf(options);
  if (!isClusterUrl(place) && !existsSync(place))
    throw new RenormError(
      'REQUEST_INVALID',
      `there is no folder ${place}; name the one that the cloud was started with (--data).`,
    );
  const models = readModels(await modelFile(options.edgeModel, 'the edge model', options), undefined);
  const foundation =
    options.foundationModel === undefined
      ? undefined
      : await modelFile(options.foundationModel, 'the foundation model', options.foundation);
  const opened: (() => void | Promise<void>)[] = [];
  try {
    // Nothing is locked: gateway and trainer hear of the version as of any other, and the trainer goes on from it.
    const { store, claim } = await openPlace(place, digestsOf(models, foundation), [], () => undefined, opened);
    const exported = exportedVersion(readParameters(models.edge));
    const cohorts = new Cohorts(store, { exported });
    opened.push(() => cohorts.close());
    for (const what of claim.repaired) options.onRepaired?.(what);
    claim.storeOpened((await cohorts.names()).length === 0);
    return await action(cohorts, exported);
  } finally {
    for (const close of opened.reverse()) await close();
  }
}

async function known(cohorts: Cohorts, cohort: string): Promise<Cohorts> {
  const names = await cohorts.names();
  if (names.includes(cohort)) return cohorts;
  const there = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
  throw new RenormError('REQUEST_INVALID', `the data folder knows no cohort ${cohort}: ${there}; name one of these.`);
}
