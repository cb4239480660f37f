import { existsSync } from 'node:fs';
import { readParameters } from '@renorm/onnx';
import {
  checkVersionNumber,
  encodeExactDelta,
  exportedVersion,
  RenormError,
  toBinary,
  toHex,
  VersionSchema,
  type VersionState,
  versionAt,
} from '@renorm/protocol';
import { type CohortState, freshState } from './adaptation/cohort-state.js';
import { modelPair } from './adaptation/model-pair.js';
import type { CloudOptions } from './cloud-options.js';
import { modelFile } from './model-file.js';
import { type PastVersion, pastVersion, pastVersions } from './publication/past-versions.js';
import { claimFolder } from './store/data-folder.js';
import { LmdbSubstrate } from './store/lmdb-substrate.js';

/** The state of a cloud that is stopped. */
export interface StoppedCloud extends Pick<CloudOptions, 'edgeModel' | 'foundationModel' | 'data'> {
  /** Told, in a sentence, what was damaged in the data folder and has been put right. */
  readonly onRepaired?: (what: string) => void;
}

export interface RollbackOptions extends StoppedCloud {
  readonly cohort: string;
  /** The version to go back to; 0 is the model as exported. */
  readonly to: number;
  /**
   * The number that it gets. Default: the next. Higher where devices hold later versions than the cloud knows of, because its folder
   * was restored from a backup: they refuse what is not newer than theirs.
   */
  readonly number?: number;
}

/** The versions that a cohort can go back to, oldest first. @throws RenormError as `rollBack` */
export function versionsOf(options: StoppedCloud & { readonly cohort: string }): Promise<PastVersion[]> {
  return withStore(options, async (substrate) => pastVersions(known(substrate, options.cohort), options.cohort));
}

/**
 * Publishes an earlier version again, as the newest: devices take it as any other. What was learnt since is given up: the edge model goes on from that version, the
 * foundation model starts again from its file. Samples stay.
 *
 * @returns the new version's number
 * @throws OnnxError, RenormError MODEL_UNREADABLE, MODEL_MISMATCH, REQUEST_INVALID (no state there, an unknown cohort, a version that is
 *   not kept, a number that is not newer), VERSION_NUMBER (one that leaves none to count on with), DATA_IN_USE, DATA_OTHER_MODEL, DATA_FORMAT_NEWER, DATA_DAMAGED,
 *   DISK_FULL
 */
export function rollBack(options: RollbackOptions): Promise<number> {
  const { cohort, to } = options;
  return withStore(options, async (substrate, exported, fresh) => {
    const latest = known(substrate, cohort).latest(cohort) ?? exported;
    const number = options.number ?? latest.number + 1;
    if (!Number.isSafeInteger(number) || number <= latest.number)
      throw new RenormError(
        'REQUEST_INVALID',
        `the new number ${number} is not above ${latest.number}, the newest of cohort ${cohort}; name a higher one.`,
      );
    checkVersionNumber(number, latest.number);
    const { offsets, parameters } = pastVersion(substrate, cohort, exported, to);
    const next = versionAt(exported, offsets, { number, publishedAtMs: Date.now() });
    const message = toBinary(VersionSchema, encodeExactDelta(latest, next));
    const before = substrate.checkpoint(cohort) ?? { trained: 0, state: fresh };
    const state: CohortState = {
      ...before.state,
      edge: { parameters, velocities: new Map() },
      foundation: fresh.foundation,
    };
    const stored = { number, digest: next.digest, parentDigest: latest.digest, message };
    await substrate.commit(cohort, { trained: before.trained, state }, { latest: next, stored }, 0);
    return number;
  });
}

async function withStore<Value>(
  options: StoppedCloud,
  action: (substrate: LmdbSubstrate, exported: VersionState, fresh: CohortState) => Promise<Value>,
): Promise<Value> {
  if (!existsSync(options.data))
    throw new RenormError(
      'REQUEST_INVALID',
      `there is no folder ${options.data}; name the one that the cloud was started with (--data).`,
    );
  const pair = modelPair(
    await modelFile(options.edgeModel, 'the edge model'),
    await modelFile(options.foundationModel, 'the foundation model'),
  );
  const claim = claimFolder(options.data, {
    edgeModel: toHex(pair.edgeDigest),
    foundationModel: toHex(pair.foundationDigest),
  });
  try {
    const fresh = freshState(readParameters(pair.edge), readParameters(pair.foundation));
    const substrate = new LmdbSubstrate(options.data, fresh);
    for (const what of claim.repaired) options.onRepaired?.(what);
    try {
      claim.storeOpened(substrate.cohorts().length === 0);
      return await action(substrate, exportedVersion(fresh.edge.parameters), fresh);
    } finally {
      await substrate.close();
    }
  } finally {
    claim.release();
  }
}

function known(substrate: LmdbSubstrate, cohort: string): LmdbSubstrate {
  const cohorts = substrate.cohorts();
  if (cohorts.includes(cohort)) return substrate;
  const there = cohorts.length === 0 ? 'it has none' : `it has ${cohorts.join(', ')}`;
  throw new RenormError('REQUEST_INVALID', `the data folder knows no cohort ${cohort}: ${there}; name one of these.`);
}
