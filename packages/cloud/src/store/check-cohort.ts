import {
  applyVersion,
  digestBytes,
  equalBytes,
  fromBinary,
  type ParameterVersion,
  reasonOf,
  toHex,
  VersionSchema,
  type VersionState,
} from '@renorm/protocol';
import { decodeHeadRecord, decodeSampleRecord, type HeadRecord, type StoredSample } from './records.js';
import type { Store } from './store.js';
import { blobsOf, versionsAfter } from './version-chain.js';

/** What a cohort has in the store. */
export interface CheckedCohort {
  readonly cohort: string;
  /** Samples received since the beginning, and those of them that are still there. */
  readonly received: number;
  readonly kept: number;
  readonly trained: number;
  /** Number of the newest version; 0 is the model as exported. */
  readonly version: number;
  /** Versions that are kept. */
  readonly versions: number;
  /** Whether the newest version was decoded to its parameters: that takes the edge model. */
  readonly decoded: boolean;
}

export interface CheckCohortOptions {
  /** Version 0 of the edge model. */
  readonly exported?: VersionState | undefined;
  /** Told of every sample that is there. */
  readonly onSample?: ((cohort: string, position: number, sample: StoredSample) => void) | undefined;
  /** Told of every version that is kept. */
  readonly onVersion?: ((cohort: string, number: number, digest: Uint8Array) => void) | undefined;
}

/** Samples that are read at a time. */
const CHUNK = 256;

/**
 * Reads all that a cohort has in a store: every sample, the head, every blob that it names against its digest, every
 * version against the one before it.
 *
 * @param problem told what is wrong, in a sentence
 */
export async function checkCohort(
  store: Store,
  cohort: string,
  problem: (what: string) => void,
  { exported, onSample, onVersion }: CheckCohortOptions = {},
): Promise<CheckedCohort> {
  const head = await attempt(problem, async () => {
    const stored = await store.head(cohort);
    return stored && decodeHeadRecord(stored.bytes, `the head of cohort ${cohort}`);
  });
  const trained = head?.trained ?? 0;
  const { received, kept } = await checkSamples(store, cohort, trained, problem, onSample);
  const versions = head === undefined ? 0 : await checkBlobs(store, cohort, head, problem, onVersion);
  const latest = head && exported && (await attempt(problem, () => newest(store, cohort, head, exported)));
  return {
    ...{ cohort, received, kept, trained, versions },
    version: head?.latest?.number ?? 0,
    decoded: latest !== undefined,
  };
}

async function checkSamples(
  store: Store,
  cohort: string,
  trained: number,
  problem: (what: string) => void,
  onSample: CheckCohortOptions['onSample'],
): Promise<{ received: number; kept: number }> {
  const log = store.log(cohort);
  const received = await log.end();
  const seen = new Set<string>();
  let [kept, missing] = [0, 0];
  if (trained > received)
    problem(`cohort ${cohort} was trained on ${trained} samples, of ${received} that it received`);
  for (let from = 0; from < received; from += CHUNK) {
    const positions = Array.from({ length: Math.min(CHUNK, received - from) }, (_, i) => from + i);
    for (const [i, bytes] of (await log.read(positions)).entries()) {
      const position = from + i;
      // Old samples go once they have been trained on, the oldest first: nothing else may be missing.
      if (bytes === undefined) {
        if (kept > 0 || position >= trained) missing += 1;
        continue;
      }
      kept += 1;
      const where = `the sample at position ${position} of cohort ${cohort}`;
      const sample = await attempt(problem, async () => decodeSampleRecord(bytes, where));
      if (sample === undefined) continue;
      const key = `${sample.session} ${sample.device} ${sample.sequence}`;
      if (seen.has(key)) problem(`${where} is stored twice (device ${sample.device}, sequence ${sample.sequence})`);
      seen.add(key);
      onSample?.(cohort, position, sample);
    }
  }
  if (missing > 0)
    problem(`${missing} samples of cohort ${cohort} are missing that were not trained on, or behind others`);
  return { received, kept };
}

/** @returns how many versions are kept */
async function checkBlobs(
  store: Store,
  cohort: string,
  head: HeadRecord,
  problem: (what: string) => void,
  onVersion: CheckCohortOptions['onVersion'],
): Promise<number> {
  for (const digest of blobsOf(head)) {
    const bytes = await store.blobs.get(digest);
    if (bytes === undefined) problem(`the blob ${digest} of cohort ${cohort} is missing`);
    else if (toHex(digestBytes(bytes)) !== digest)
      problem(`the blob ${digest} of cohort ${cohort} is not what its digest says`);
  }
  const versions = await attempt(problem, () => versionsAfter(head, 0, (digest) => blob(store, cohort, digest)));
  for (const [i, { number, digest, parentDigest, message }] of (versions ?? []).entries()) {
    onVersion?.(cohort, number, digest);
    const where = `version ${number} of cohort ${cohort}`;
    const before = versions?.[i - 1];
    if (before !== undefined && !(number > before.number && equalBytes(parentDigest, before.digest)))
      problem(`${where} does not follow ${before.number}`);
    const sent = await attempt(problem, async () => fromBinary(VersionSchema, message), where);
    if (sent !== undefined && (Number(sent.number) !== number || !equalBytes(sent.digest, digest)))
      problem(`${where} says another number or digest in its message`);
  }
  const last = versions?.at(-1);
  if (last !== undefined && !(head.latest?.number === last.number && equalBytes(head.latest.digest, last.digest)))
    problem(`the newest version of cohort ${cohort} is not the last of its chain`);
  return versions?.length ?? 0;
}

/** The newest version, decoded, which holds it against its digest; undefined for the model as exported. */
async function newest(
  store: Store,
  cohort: string,
  { latest }: HeadRecord,
  exported: VersionState,
): Promise<ParameterVersion | undefined> {
  return latest && applyVersion(exported, fromBinary(VersionSchema, await blob(store, cohort, latest.snapshot)));
}

async function blob(store: Store, cohort: string, digest: string): Promise<Uint8Array> {
  const bytes = await store.blobs.get(digest);
  if (bytes === undefined) throw new Error(`the blob ${digest} of cohort ${cohort} is missing`);
  return bytes;
}

async function attempt<Value>(
  problem: (what: string) => void,
  read: () => Promise<Value>,
  where?: string,
): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    problem(where === undefined ? reasonOf(error) : `${where}: ${reasonOf(error)}`);
    return undefined;
  }
}
