import { RenormError } from '@renorm/protocol';
import { decodeHeadRecord, decodeSampleRecord } from './records.js';
import type { Entry, Head, Store } from './store.js';
import { blobsOf } from './version-chain.js';

/** What was copied of a cohort. */
export interface CopiedCohort {
  readonly cohort: string;
  readonly samples: number;
  /** Number of its newest version; 0 is the model as exported. */
  readonly version: number;
}

/** Samples that are read at a time. */
const CHUNK = 256;
/** A head may be replaced while its blobs are copied: then the next one is. */
const ATTEMPTS = 10;

/**
 * Copies a cohort to a store that does not have it: samples at the positions that they have, then blobs, then the head that names them. The store that it
 * comes from may be in use: what is copied is one state that it had.
 *
 * @throws RenormError DATA_DAMAGED: something cannot be read; what the stores throw
 */
export async function copyCohort(from: Store, to: Store, cohort: string): Promise<CopiedCohort> {
  const { head, blobs } = await readHead(from, cohort);
  const record = head && decodeHeadRecord(head.bytes, `the head of cohort ${cohort}`);
  const samples = await copyLog(from, to, cohort, record?.trained ?? 0);
  for (const bytes of blobs) await to.blobs.put(bytes);
  if (head !== undefined && record !== undefined)
    await to.setHead(cohort, { bytes: head.bytes, blobs: blobsOf(record) }, 0);
  return { cohort, samples, version: record?.latest?.number ?? 0 };
}

/** A head with all that it names. */
async function readHead(from: Store, cohort: string): Promise<{ head: Head | undefined; blobs: Uint8Array[] }> {
  for (let attempt = 1; ; attempt++) {
    const head = await from.head(cohort);
    if (head === undefined) return { head, blobs: [] };
    const digests = blobsOf(decodeHeadRecord(head.bytes, `the head of cohort ${cohort}`));
    const read = await Promise.all(digests.map((digest) => from.blobs.get(digest)));
    const blobs = read.filter((bytes) => bytes !== undefined);
    if (blobs.length === digests.length) return { head, blobs };
    const isSame = (await from.head(cohort))?.revision === head.revision;
    if (!isSame && attempt < ATTEMPTS) continue;
    const missing = digests[read.indexOf(undefined)];
    throw new RenormError(
      'DATA_DAMAGED',
      `the blob ${missing} of cohort ${cohort} is not in the store that was to be copied; renorm state check says what is whole.`,
    );
  }
}

/** @returns how many samples */
async function copyLog(from: Store, to: Store, cohort: string, trained: number): Promise<number> {
  const [source, target] = [from.log(cohort), to.log(cohort)];
  const end = await source.end();
  let copied = 0;
  for (let at = 0; at < end; at += CHUNK) {
    const positions = Array.from({ length: Math.min(CHUNK, end - at) }, (_, i) => at + i);
    const entries = await source.read(positions);
    for (const upload of uploadsIn(entries, at, cohort)) {
      if (copied === 0) await target.begin(upload.first);
      const { end: now } = await target.append(upload.source, upload.entries);
      copied += upload.entries.length;
      if (now !== upload.first + upload.entries.length) throw gap(cohort, upload.first);
    }
  }
  // Everything has been trained on and trimmed: the next sample still has its number.
  if (copied === 0 && end > 0) await target.begin(Math.max(end, trained));
  return copied;
}

interface Upload {
  readonly first: number;
  readonly source: string;
  readonly entries: Entry[];
}

/** Neighbours of one source: what one upload brought, or as much of it as could be. */
function uploadsIn(entries: readonly (Uint8Array | undefined)[], at: number, cohort: string): Upload[] {
  const uploads: Upload[] = [];
  for (const [i, bytes] of entries.entries()) {
    if (bytes === undefined) continue;
    const { session, device, sequence } = decodeSampleRecord(
      bytes,
      `the sample at position ${at + i} of cohort ${cohort}`,
    );
    const source = `${session} ${device}`;
    const last = uploads.at(-1);
    const follows = last !== undefined && last.source === source && last.first + last.entries.length === at + i;
    if (follows && (last.entries.at(-1)?.sequence ?? 0) < sequence) last.entries.push({ sequence, bytes });
    else uploads.push({ first: at + i, source, entries: [{ sequence, bytes }] });
  }
  return uploads;
}

const gap = (cohort: string, position: number): RenormError =>
  new RenormError(
    'DATA_DAMAGED',
    `samples of cohort ${cohort} are missing before position ${position}, or stored twice; renorm state check says what is whole.`,
  );
