import { decodeChapter, encodeChapter, type HeadRecord, type StoredVersion } from './records.js';

/** Versions in a chapter. So many at most are named one by one, which keeps a head at a few kilobytes. */
const CHAPTER = 32;

/** Chapters that are kept for devices that missed some: 512 versions, and those of the open chapter. */
const CHAPTERS_KEPT = 16;

type Chain = Pick<HeadRecord, 'chapters' | 'recent'>;
type Read = (digest: string) => Promise<Uint8Array>;

/** The chain with one more version; what is too old is left out. A full chapter is bound into one blob. */
export async function extended(
  { chapters, recent }: Chain = { chapters: [], recent: [] },
  { message, number, digest, parentDigest }: StoredVersion,
  put: (bytes: Uint8Array) => Promise<string>,
  read: Read,
): Promise<Chain> {
  const entry = { number, digest, parentDigest, message: await put(message) };
  if (recent.length < CHAPTER) return { chapters, recent: [...recent, entry] };
  const chapter = await put(encodeChapter(await versionsAfter({ chapters: [], recent }, 0, read)));
  return { chapters: [...chapters, chapter].slice(-CHAPTERS_KEPT), recent: [entry] };
}

/** Versions behind a number, oldest first. @throws RenormError DATA_DAMAGED */
export async function versionsAfter({ chapters, recent }: Chain, number: number, read: Read): Promise<StoredVersion[]> {
  const later = recent.filter((entry) => entry.number > number);
  const versions = await Promise.all(later.map(async (entry) => ({ ...entry, message: await read(entry.message) })));
  if (later.length < recent.length) return versions;
  // From the newest chapter back: most devices missed few versions.
  for (const digest of [...chapters].reverse()) {
    const chapter = decodeChapter(await read(digest), `the chapter ${digest}`);
    const wanted = chapter.filter((version) => version.number > number);
    versions.unshift(...wanted);
    if (wanted.length < chapter.length) break;
  }
  return versions;
}

/** All that a head names. */
export function blobsOf({ state, latest, chapters, recent }: HeadRecord): string[] {
  const snapshot = latest === undefined ? [] : [latest.snapshot];
  return [...new Set([state, ...snapshot, ...chapters, ...recent.map(({ message }) => message)])];
}
