import type { EncodedSample, RowFilter, SampleEncoding, Selection } from '@renorm/protocol';
import { Fields, pack } from './fields.js';

/** A sample as it is kept: what the device sent, and who sent it. */
export interface StoredSample extends EncodedSample {
  readonly device: string;
  /** Hexadecimal. */
  readonly session: string;
  readonly sequence: number;
  /** Why it was sent; missing where the device did not say. */
  readonly selection?: Selection;
  /** The image of it as pixels for a foundation model that takes other samples; missing where there was none. */
  readonly foundation?: EncodedSample;
}

/** A version and where its message is. */
export interface VersionEntry {
  readonly number: number;
  readonly digest: Uint8Array;
  readonly parentDigest: Uint8Array;
  /** Digest of the blob with its message. */
  readonly message: string;
}

/**
 * What a cohort's head says: where in the log training is, its state, and its versions. Blobs are named by their
 * digests.
 */
export interface HeadRecord {
  /** Position behind the last sample that was trained on. */
  readonly trained: number;
  readonly strategy: string;
  readonly state: string;
  readonly latest: { readonly number: number; readonly digest: Uint8Array; readonly snapshot: string } | undefined;
  /** Blobs with a chapter of older versions each, oldest first. */
  readonly chapters: readonly string[];
  /** The newest versions, oldest first. */
  readonly recent: readonly VersionEntry[];
}

/** A version as the cloud keeps it: enough to send it to who holds its parent. */
export interface StoredVersion {
  readonly number: number;
  readonly digest: Uint8Array;
  readonly parentDigest: Uint8Array;
  /** A renorm.v1.Version message with a delta. */
  readonly message: Uint8Array;
}

export function encodeSampleRecord({ device, session, sequence, foundation, ...sample }: StoredSample): Uint8Array {
  const { selection } = sample;
  return pack({
    ...{ device, session, sequence, ...encodedFields(sample) },
    ...(selection && { selection }),
    ...(foundation && { foundation: encodedFields(foundation) }),
  });
}

// The row filter was called a prediction when the first folders were written.
const encodedFields = ({ encoding, rowFilter = 0, shape, data }: EncodedSample) => ({
  ...{ encoding, prediction: rowFilter, shape, data },
});

/** @throws RenormError DATA_DAMAGED */
export function decodeSampleRecord(bytes: Uint8Array, where: string): StoredSample {
  const record = Fields.unpack(bytes, where);
  return {
    device: record.text('device'),
    session: record.text('session'),
    sequence: record.count('sequence'),
    ...decodeEncoded(record),
    ...(record.has('selection') && { selection: decodeSelection(record.record('selection')) }),
    ...(record.has('foundation') && { foundation: decodeEncoded(record.record('foundation')) }),
  };
}

const decodeEncoded = (record: Fields): EncodedSample => ({
  // Numbers that the decoder of samples does not know are refused there.
  encoding: record.count('encoding') as SampleEncoding,
  rowFilter: record.count('prediction') as RowFilter,
  shape: record.counts('shape'),
  data: record.bytes('data'),
});

function decodeSelection(selection: Fields): Selection {
  return {
    policy: selection.text('policy'),
    reason: selection.text('reason'),
    ...(selection.has('score') && { score: selection.finite('score') }),
  };
}

export function encodeHeadRecord(head: HeadRecord): Uint8Array {
  return pack({ ...head, latest: head.latest ?? null });
}

/** @throws RenormError DATA_DAMAGED */
export function decodeHeadRecord(bytes: Uint8Array, where: string): HeadRecord {
  const record = Fields.unpack(bytes, where);
  const latest = record.optional('latest');
  return {
    trained: record.count('trained'),
    strategy: record.text('strategy'),
    state: record.text('state'),
    latest: latest && {
      number: latest.count('number'),
      digest: latest.digest('digest'),
      snapshot: latest.text('snapshot'),
    },
    chapters: record.texts('chapters'),
    recent: record.records('recent').map((entry) => ({ ...numbered(entry), message: entry.text('message') })),
  };
}

export function encodeChapter(versions: readonly StoredVersion[]): Uint8Array {
  return pack({ versions });
}

/** @throws RenormError DATA_DAMAGED */
export function decodeChapter(bytes: Uint8Array, where: string): StoredVersion[] {
  const versions = Fields.unpack(bytes, where).records('versions');
  return versions.map((version) => ({ ...numbered(version), message: version.bytes('message') }));
}

const numbered = (entry: Fields) => ({
  number: entry.count('number'),
  digest: entry.digest('digest'),
  parentDigest: entry.digest('parentDigest'),
});
