import type { Head, Store } from './store.js';

/** What a reader of a store can see, for comparing. */
export async function visible(store: Store) {
  const cohorts: Record<string, { end: number; entries: (Uint8Array | undefined)[]; head: Head | undefined }> = {};
  for (const cohort of (await store.cohorts()).sort()) {
    const end = await store.log(cohort).end();
    const entries = await store.log(cohort).read(Array.from({ length: end }, (_, i) => i));
    cohorts[cohort] = { end, entries, head: await store.head(cohort) };
  }
  return cohorts;
}

/** Without the revisions of heads, which rise as a store likes. */
export const unnumbered = (seen: Awaited<ReturnType<typeof visible>>) =>
  Object.values(seen).map(({ head, ...rest }) => ({ ...rest, head: head?.bytes }));
